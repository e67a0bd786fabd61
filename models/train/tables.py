"""Tables as CSV files and in Markdown."""
import csv


def write(path, columns, rows):
    with open(path, "w", newline="") as f:
        table = csv.DictWriter(f, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def read(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def markdown(head, rows):
    """Lines, an empty one at the end."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows] + [""]
