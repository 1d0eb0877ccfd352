"""Twilio's Python library as a judge: one JSON request a line, one JSON answer a line.

Python's own XML parser reads documents here. The documented rule for signatures is implemented a second
time, from Twilio's text and without the libraries.
"""

import base64
import hashlib
import hmac
import inspect
import json
import platform
import re
import sys
import time
import urllib.parse
import warnings
import xml.etree.ElementTree as ET
from datetime import datetime as real_datetime
from importlib.metadata import version as version_of

import jwt.api_jwt
import twilio.jwt
import twilio.jwt.access_token
from twilio.jwt import access_token
from twilio.jwt.access_token import grants
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml import TwiML
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import VoiceResponse

# Secrets shorter than the hash are allowed, but cause a warning.
warnings.simplefilter("ignore")


def version(_):
    return f"twilio {version_of('twilio')} on Python {platform.python_version()}"


# Signatures


def pairs(body):
    return urllib.parse.parse_qsl(body or "", keep_blank_values=True)


class MultiDict(dict):
    """A decoded form as Flask passes it."""

    def __init__(self, body):
        super().__init__()
        for name, value in pairs(body):
            self.setdefault(name, []).append(value)

    def getall(self, name):
        return self[name]


def sign(case):
    validator = RequestValidator(case["token"])
    return validator.compute_signature(case["url"], MultiDict(case["body"]), case["algorithm"])


def verify(case):
    params = case["body"] if case["kind"] == "json" else {}
    if case["kind"] == "form":
        params = MultiDict(case["body"])
    try:
        validator = RequestValidator(case["token"])
        valid = validator.validate(case["url"], params, case["signature"], case["algorithm"])
        return "yes" if valid else "no"
    except Exception as error:
        return f"raised {type(error).__name__}"


URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
DEFAULT_PORTS = {"https://": ":443", "wss://": ":443", "http://": ":80", "ws://": ":80"}


def signed_urls(url, kind):
    """Steps 1 to 3: every URL that may have been signed."""
    scheme, authority, path, query, _ = URL.fullmatch(url).groups()
    authority = authority.rsplit("@", 1)[-1]
    host, port = re.fullmatch(r"(\[[^]]*\]|[^:]*)(:.*)?", authority).groups()
    ports = ["", port] if port else ["", DEFAULT_PORTS[scheme.lower()]]
    paths = [path]
    if kind == "websocket" and not path.endswith("/"):
        paths.append(path + "/")
    return [scheme + host + port + path + (query or "") for port in ports for path in paths]


def appended(case):
    """Step 4: names and values of the form, sorted by bytes, each pair once."""
    if case["kind"] != "form":
        return b""
    fields = [field.partition("=") for field in case["body"].split("&") if field]
    decode = urllib.parse.unquote_to_bytes
    decoded = {(decode(name.replace("+", " ")), decode(value.replace("+", " "))) for name, _, value in fields}
    return b"".join(name + value for name, value in sorted(decoded))


def rule(case):
    """Whether the request is Twilio's, by the documentation."""
    algorithm = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}[case["algorithm"]]
    matches = False
    for url in signed_urls(case["url"], case["kind"]):
        mac = hmac.new(case["token"].encode(), url.encode() + appended(case), algorithm)
        matches |= base64.b64encode(mac.digest()).decode() == case["signature"]
    query = URL.fullmatch(case["url"]).group(4) or ""
    hashes = re.findall(r"[?&]bodySHA256=([^&]*)", query)
    if case["kind"] == "json" and not hashes:
        return False
    body = hashlib.sha256((case["body"] or "").encode()).hexdigest()
    return matches and all(each == body for each in hashes)


# Access tokens

GRANTS = {
    "voice": lambda it: grants.VoiceGrant(
        incoming_allow=it.get("incoming"),
        outgoing_application_sid=it.get("application"),
        outgoing_application_params=it.get("params"),
        push_credential_sid=it.get("push_credential"),
        endpoint_id=it.get("endpoint"),
    ),
    "video": lambda it: grants.VideoGrant(room=it.get("room")),
    "chat": lambda it: grants.ChatGrant(
        service_sid=it.get("service"),
        endpoint_id=it.get("endpoint"),
        deployment_role_sid=it.get("deployment_role"),
        push_credential_sid=it.get("push_credential"),
    ),
    "sync": lambda it: grants.SyncGrant(
        service_sid=it.get("service"), endpoint_id=it.get("endpoint")
    ),
    "task_router": lambda it: grants.TaskRouterGrant(
        workspace_sid=it.get("workspace"), worker_sid=it.get("worker"), role=it.get("role")
    ),
    "playback": lambda it: grants.PlaybackGrant(grant=it.get("grant")),
}


class Clock(real_datetime):
    """The one clock of both libraries, set by each case."""

    seconds = 0

    @classmethod
    def now(cls, tz=None):
        return real_datetime.fromtimestamp(cls.seconds, tz)


jwt.api_jwt.datetime = Clock
time.time = lambda: Clock.seconds


def issue(case):
    Clock.seconds = case["now"]
    token = access_token.AccessToken(
        case["account"],
        case["key"],
        case["secret"],
        identity=case["identity"],
        ttl=case["ttl"],
        nbf=case["nbf"],
        region=case["region"],
        grants=[GRANTS[name](fields) for name, fields in case["grants"].items()],
    )
    return token.to_jwt()


def accept(case):
    Clock.seconds = case["now"]
    try:
        access_token.AccessToken.from_jwt(case["jwt"], case["secret"])
        return "yes"
    except twilio.jwt.JwtDecodeError as error:
        return f"no: {error}"


# TwiML

RENAMED = {"from": "from_", "for": "for_", "xml:lang": "xml_lang", "interpret-as": "interpret_as"}


def keyword(attribute):
    """The argument that sets an attribute."""
    return RENAMED.get(attribute) or re.sub(r"[A-Z]", lambda c: "_" + c.group().lower(), attribute)


def value(given):
    """Passes lists as one text, as the library requires."""
    return " ".join(map(str, given)) if isinstance(given, list) else given


makers = {}


def makers_of(builder):
    """Finds by trial which builder method makes which element, and which argument is its text."""
    kind = type(builder)
    if kind not in makers:
        found = {}
        for name, method in inspect.getmembers(kind, inspect.isfunction):
            if name in vars(TwiML) or name.startswith("_"):
                continue
            arguments = [
                each.name
                for each in list(inspect.signature(method).parameters.values())[1:]
                if each.kind is not inspect.Parameter.VAR_KEYWORD
            ]
            probe = VoiceResponse()
            probe.__class__ = kind
            made = method(probe, **{each: "text" for each in arguments[:1]})
            found.setdefault(made.name, (name, arguments[0] if made.value else None))
        makers[kind] = found
    return makers[kind]


def fill(builder, children):
    for child in children:
        if isinstance(child, str):
            builder.append(child)
            continue
        if "comment" in child:
            continue  # The library has none.
        attributes = {keyword(name): value(given) for name, given in child["attributes"].items()}
        inside = child["children"]
        text = inside[0] if inside and isinstance(inside[0], str) else None
        method, text_argument = makers_of(builder).get(child["name"], (None, None))
        if method is None:
            made = builder.add_child(child["name"], text, **attributes)
        elif text is None:
            made = getattr(builder, method)(**attributes)
        else:
            made = getattr(builder, method)(**{text_argument: text}, **attributes)
        fill(made, inside if text is None else inside[1:])


def build(case):
    response = VoiceResponse() if case["language"] == "voice" else MessagingResponse()
    fill(response, case["children"])
    return response.to_xml()


def tree(xml):
    """A document as nested lists: name, attributes, then texts and elements. Comments too."""
    try:
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
        return nested(ET.fromstring(xml.encode(), parser=parser))
    except ET.ParseError as error:
        return f"no XML: {error}"


def nested(element):
    if element.tag is ET.Comment:
        return {"comment": element.text}
    children = [element.text] if element.text else []
    for child in element:
        children.append(nested(child))
        if child.tail:
            children.append(child.tail)
    name = {"{http://www.w3.org/XML/1998/namespace}lang": "xml:lang"}
    attributes = {name.get(each, each): text for each, text in element.attrib.items()}
    return {"name": element.tag, "attributes": attributes, "children": children}


# The REST API


class Redirected(TwilioHttpClient):
    """Sends requests for Twilio's host to an emulator."""

    def __init__(self, base):
        super().__init__()
        self.base = base

    def request(self, method, url, *args, **kwargs):
        return super().request(
            method, url.replace("https://api.twilio.com", self.base), *args, **kwargs
        )


ACTS = {"remove": "delete"}


def named(given):
    """Arguments as this library names them."""
    return {"from_" if name == "from" else name: value for name, value in given.items()}


def plain(resource):
    """A resource under the API's own names, with times in seconds."""
    fields = {}
    # Older versions keep the fields in a dictionary.
    known = getattr(resource, "_properties", None)
    for name, value in (known if isinstance(known, dict) else vars(resource)).items():
        if name in ("_from", "from_"):
            name = "from"
        if not name.startswith("_"):
            fields[name] = value.timestamp() if isinstance(value, real_datetime) else value
    return json.loads(json.dumps(fields, default=str))


def rest(case):
    """Walks a path such as ["conferences", ["CF…"], "participants"] and acts at its end."""
    client = Client(case["user"], case["secret"], case["account"], http_client=Redirected(case["base"]))
    place = client
    for step in case["path"]:
        place = place(*step) if isinstance(step, list) else getattr(place, step)
    try:
        act = getattr(place, ACTS.get(case["act"], case["act"]))
        told = act(**named(case["args"] or {}))
    except TwilioRestException as error:
        more = f"https://www.twilio.com/docs/errors/{error.code}"
        return {"code": error.code, "status": error.status, "more_info": more}
    if isinstance(told, list):
        return [plain(each) for each in told]
    return told if isinstance(told, bool) else plain(told)


JUDGED = {
    each.__name__: each for each in (version, sign, verify, rule, issue, accept, build, tree, rest)
}

for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps([JUDGED[asked["judge"]](case) for case in asked["cases"]]), flush=True)
