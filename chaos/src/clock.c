/* Stands before the C library of the server and makes its wall clock leap by as many seconds as a
   file says. The monotonic clock, by which it waits, is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static volatile long *leap(void) {
    static volatile long *seconds;
    if (seconds == NULL) {
        const char *path = getenv("CHAOS_CLOCK");
        int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
        void *page = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
        static long none;
        seconds = page == MAP_FAILED ? &none : page;
    }
    return seconds;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    int result = real(id, now);
    if (result == 0 && id == CLOCK_REALTIME) {
        now->tv_sec += *leap();
    }
    return result;
}
