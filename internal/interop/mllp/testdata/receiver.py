"""Receives one message with python-hl7's own MLLP server, over TLS, and
acknowledges it. Prints the port, then what it understood, as JSON lines.

    python3 receiver.py CERTIFICATE KEY CODE
"""
import asyncio
import json
import ssl
import sys

import hl7
import hl7.mllp

certificate, key, code = sys.argv[1:]


def say(what):
    print(json.dumps(what), flush=True)


async def main():
    done = asyncio.Event()

    async def receive(reader, writer):
        message = await reader.readmessage()
        say({"type": str(message["MSH"][0][9]), "control": str(message["MSH"][0][10]), "segments": [str(s[0]) for s in message]})
        writer.writemessage(message.create_ack(code))
        await writer.drain()
        writer.close()
        done.set()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = await hl7.mllp.start_hl7_server(receive, host="127.0.0.1", port=0, ssl=context, encoding="utf-8")
    say(server.sockets[0].getsockname()[1])
    await done.wait()


asyncio.run(main())
