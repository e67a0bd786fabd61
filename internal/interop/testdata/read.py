"""Reads HL7 v2 messages with python-hl7 and prints what it finds as JSON, a
list for the files in their order. Escapes are undone by python-hl7.

    python3 read.py FILE...
"""
import json
import sys

import hl7


def component(message, field, repetition, n):
    # hl7 has a plain string where a field has no components.
    parts = field[repetition] if repetition < len(field) else ""
    text = str(parts[n][0] if n < len(parts) else "") if isinstance(parts, hl7.Repetition) else (str(parts) if n == 0 else "")
    return message.unescape(text)


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        message = hl7.parse(f.read())
    obr, pid, msh = message.segment("OBR"), message.segment("PID"), message.segment("MSH")
    return {
        "type": component(message, msh[9], 0, 2),
        "charset": str(msh[18]),
        "patient": component(message, pid[3], 0, 0),
        "issuer": component(message, pid[3], 0, 3),
        "names": [[component(message, pid[5], r, n) for n in range(8)] for r in range(len(pid[5]))],
        "accession": component(message, obr[18], 0, 0),
        "status": str(obr[25]),
        "values": [{
            "kind": str(o[2]),
            "code": component(message, o[3], 0, 0),
            "scheme": component(message, o[3], 0, 2),
            "rank": str(o[4]),
            "value": component(message, o[5], 0, 0),
            "unit": component(message, o[6], 0, 0),
            "status": str(o[11]),
            "device": component(message, o[18], 0, 0),
        } for o in message.segments("OBX")],
    }


print(json.dumps([read(path) for path in sys.argv[1:]]))
