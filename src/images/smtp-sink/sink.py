"""Takes every mail, keeps the newest in a folder, and tells what it has.

    sink.py serve    listens on ports 25 and 1025, without TLS or logins
    sink.py list     one line of JSON: the mails, oldest first
    sink.py clear    forgets them
"""

import asyncio
import email
import email.policy
import itertools
import json
import os
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("SINK_FOLDER", "/mail"))
PORTS = (25, 1025)
MAX_MAILS = 100
MAX_BYTES = 1024 * 1024
# An answer travels in one line of at most 1 MiB.
MAX_TEXT = 200_000
MAX_ANSWER = 900_000


def kept():
    return sorted(FOLDER.glob("*.eml"))


class Sink:
    def __init__(self):
        self.numbers = itertools.count()

    async def handle_DATA(self, server, session, envelope):
        name = f"{next(self.numbers):08d}"
        envelope_file = {"from": envelope.mail_from, "to": envelope.rcpt_tos}
        try:
            for old in kept()[: -(MAX_MAILS - 1)]:
                forget(old)
            (FOLDER / f"{name}.json").write_text(json.dumps(envelope_file))
            partial = FOLDER / f"{name}.part"
            partial.write_bytes(envelope.original_content)
            partial.rename(FOLDER / f"{name}.eml")
        except OSError as error:
            return f"452 no room: {error.strerror}"
        return "250 kept"


def forget(mail):
    mail.unlink(missing_ok=True)
    mail.with_suffix(".json").unlink(missing_ok=True)


def part(message, kind):
    found = message.get_body((kind,))
    if found is None:
        return None
    try:
        return found.get_content()[:MAX_TEXT]
    except (LookupError, ValueError):
        return found.get_payload(decode=True).decode("utf-8", "replace")[:MAX_TEXT]


def describe(mail):
    message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    envelope = json.loads(mail.with_suffix(".json").read_text())
    return {
        "from": envelope["from"] or "",
        "to": envelope["to"],
        "subject": str(message["subject"] or ""),
        "date": str(message["date"] or ""),
        "text": part(message, "plain"),
        "html": part(message, "html"),
    }


def listing():
    """The newest that fit, oldest first."""
    fitting, room = [], MAX_ANSWER
    for mail in reversed(kept()):
        try:
            line = json.dumps(describe(mail))
        except FileNotFoundError:
            continue  # made room for a newer one meanwhile
        room -= len(line)
        if room < 0:
            break
        fitting.append(line)
    return f"[{','.join(reversed(fitting))}]"


async def serve():
    from aiosmtpd.smtp import SMTP

    sink = Sink()
    loop = asyncio.get_running_loop()
    for port in PORTS:
        make = lambda: SMTP(sink, hostname="sink", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True)
        await loop.create_server(make, "0.0.0.0", port)
    print("listening", flush=True)
    await asyncio.Event().wait()


command = sys.argv[1] if len(sys.argv) > 1 else ""
if command == "serve":
    asyncio.run(serve())
elif command == "list":
    print(listing())
elif command == "clear":
    for mail in kept():
        forget(mail)
else:
    sys.exit(__doc__)
