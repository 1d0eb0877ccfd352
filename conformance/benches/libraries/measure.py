"""Twilio's Python library, measured: one command a line, one JSON answer a line.

`show CASE` answers what is made, `measure CASE MILLISECONDS` the nanoseconds that making it takes.
The first argument is the file of inputs.
"""

import json
import platform
import sys
import urllib.parse
import warnings
from importlib.metadata import version
from statistics import median
from time import perf_counter_ns

from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import Client, Dial, VoiceResponse

warnings.simplefilter("ignore")

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
agents = [f"agent_{number:032x}" for number in range(50)]


def plain(wave):
    response = VoiceResponse()
    dial = Dial(action=given["action"], timeout=20)
    for agent in wave:
        dial.client(agent)
    response.append(dial)
    return response.to_xml()


def full(wave):
    response = VoiceResponse()
    dial = Dial(
        action=given["action"], answer_on_bridge=True, caller_id=given["caller_id"], timeout=20
    )
    for agent in wave:
        client = Client(
            status_callback=given["status"], status_callback_event=" ".join(given["events"])
        )
        client.identity(agent)
        for name, value in given["parameters"].items():
            client.parameter(name=name, value=value)
        dial.append(client)
    response.append(dial)
    return response.to_xml()


def waves(make, count):
    return lambda: [make(agents[first : min(first + 10, count)]) for first in range(0, count, 10)]


def token():
    grant = VoiceGrant(incoming_allow=True, outgoing_application_sid=given["application"])
    issued = AccessToken(
        given["account"],
        given["key"],
        given["secret"],
        identity=given["identity"],
        ttl=3600,
        grants=[grant],
    )
    return issued.to_jwt()


validator = RequestValidator(given["auth_token"])


def parse():
    return dict(urllib.parse.parse_qsl(given["body"], keep_blank_values=True))


def check(params):
    return validator.validate(given["url"], params, given["signature"])


params = parse()
CASES = {
    "dial-2": waves(plain, 2),
    "dial-10": waves(plain, 10),
    "dial-50": waves(plain, 50),
    "dial-10-full": waves(full, 10),
    "token": token,
    "request": lambda: check(parse()),
    "check": lambda: check(params),
}


def batch(once, count):
    started = perf_counter_ns()
    for _ in range(count):
        once()
    return perf_counter_ns() - started


def measure(once, milliseconds):
    """The median of batches of about a millisecond, in nanoseconds for one."""
    count = 1
    while batch(once, count) < 1_000_000:
        count *= 2
    times = []
    ends = perf_counter_ns() + milliseconds * 1_000_000
    while not times or perf_counter_ns() < ends:
        times.append(batch(once, count) / count)
    return median(times)


print(json.dumps(f"twilio {version('twilio')} on Python {platform.python_version()}"), flush=True)
for line in sys.stdin:
    command, case, *milliseconds = line.split()
    once = CASES[case]
    answer = once() if command == "show" else measure(once, int(milliseconds[0]))
    print(json.dumps(answer), flush=True)
