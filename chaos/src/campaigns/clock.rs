//! The server's wall clock jumps by minutes, forwards and back, during calls.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::context::Context;
use crate::judge::Kept;
use crate::load::{Load, Persistence};
use crate::program::Serve;
use crate::story::Calls;
use crate::world::World;

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, 2).await;
    let clock = Clock::make(&context.directory);
    let serve = Serve { environment: clock.environment(), ..world.serve(0) };
    let mut server = context.program.serve(&serve).await;
    let (place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 32, Persistence::UntilAcknowledged);
    let mut calls = Calls::undated(&world.workspaces);
    let mut dice = context.dice();
    let leaps = context.pick(10, 200);
    for leap in 0..leaps {
        let seconds = [0, 300, -300, 299, -299, 31][dice.index(6)];
        clock.leap(seconds);
        if leap % 3 == 2 {
            // At its start the server looks for calls past their deadline.
            place.send_replace(None);
            server.kill();
            server = context
                .program
                .serve(&Serve { name: format!("{}-{leap}", serve.name), ..serve.clone() })
                .await;
            place.send_replace(Some(server.address()));
            sleep(Duration::from_millis(300)).await;
        }
        load.pace(&mut calls, 100, Duration::from_millis(400)).await;
    }
    clock.leap(0);
    load.rest(&mut calls);
    let sent = load.finish().await;
    server.drained().await;
    let kept = Kept::read(&world.client().await).await;
    let acknowledged = kept.has_all_once(&sent);
    kept.tells_but_arrivals(calls.all());
    kept.has_no_negative_time();
    format!(
        "{leaps} leaps of up to 300 s, {} starts among them; {acknowledged} acknowledged, 0 lost, {} \
         calls correct, none ends before it begins",
        leaps / 3,
        calls.all().len()
    )
}

/// A wall clock for the processes that preload it.
pub(super) struct Clock {
    library: PathBuf,
    seconds: PathBuf,
}

impl Clock {
    /// Compiles the library that is preloaded before the C library.
    pub(super) fn make(directory: &Path) -> Self {
        let [library, source] = ["clock.so", "clock.c"].map(|name| directory.join(name));
        std::fs::write(&source, include_str!("../clock.c")).expect("written");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]).arg(&library);
        compiler.arg(source).arg("-ldl");
        let output = compiler.output().expect("a C compiler, which building the server needs too");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let clock = Self { library, seconds: directory.join("seconds") };
        std::fs::write(&clock.seconds, 0_i64.to_ne_bytes()).expect("written");
        clock
    }

    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        vec![("LD_PRELOAD", text(&self.library)), ("CHAOS_CLOCK", text(&self.seconds))]
    }

    /// Sets the clock's offset from the machine's, in seconds, at once. The file is written in place,
    /// because the processes map it as memory.
    pub(super) fn leap(&self, seconds: i64) {
        use std::os::unix::fs::FileExt as _;
        let file = std::fs::OpenOptions::new().write(true).open(&self.seconds).expect("a file");
        file.write_all_at(&seconds.to_ne_bytes(), 0).expect("written");
    }
}
