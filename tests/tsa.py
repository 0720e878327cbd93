# SPDX-License-Identifier: Apache-2.0
"""A time stamp authority on loopback: openssl ts -reply behind HTTP, honest and otherwise.

tsa.py DIR: serves one behaviour a path; writes its port into DIR/port. Each reply is made by
`openssl ts -reply -config DIR/tsa.cnf -section SECTION`.
"""
import http.server
import os
import subprocess
import sys
import time

DIR = sys.argv[1]


def reply(query, section):
    path = os.path.join(DIR, "query.%d" % time.monotonic_ns())
    with open(path, "wb") as f:
        f.write(query)
    done = subprocess.run(
        ["openssl", "ts", "-reply", "-config", os.path.join(DIR, "tsa.cnf"), "-section", section,
         "-queryfile", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    os.unlink(path)
    return done.stdout


def flipped(query, from_end):
    """The query with one byte of its nonce (near the end) or its digest (before it) changed."""
    at = len(query) - from_end
    return query[:at] + bytes([query[at] ^ 1]) + query[at + 1:]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def answer(self, body, kind="application/timestamp-reply"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def go_to(self, place):
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        what = self.path.strip("/")
        if self.headers["Content-Type"] != "application/timestamp-query":
            self.send_error(415)
        elif what in ("tsa", "expired", "other", "unfit", "weak"):
            self.answer(reply(query, what))
        elif what == "nonce":  # the boolean certReq (3 bytes) is last, the nonce before it
            self.answer(reply(flipped(query, 4), "tsa"))
        elif what == "imprint":  # and before the nonce (19 bytes with its header) the digest
            self.answer(reply(flipped(query, 3 + 19 + 2), "tsa"))
        elif what == "refused":
            self.answer(reply(b"\x30\x03\x02\x01\x01", "tsa"))
        elif what == "garbage":
            self.answer(b"<html>not here</html>")
        elif what == "damaged":
            good = reply(query, "tsa")
            self.answer(good[:-1] + bytes([good[-1] ^ 1]))
        elif what == "trailing":
            self.answer(reply(query, "tsa") + b"x")
        elif what == "huge":
            self.answer(b"\0" * (8 << 20))
        elif what == "slow":
            time.sleep(5)
            self.answer(b"late")
        elif what == "loop":
            self.go_to("/loop")
        elif what == "hop":
            self.go_to("/tsa")
        elif what == "away":
            self.go_to("file:///etc/passwd")
        else:
            self.send_error(500)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(os.path.join(DIR, "port.new"), "w", encoding="ascii") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(DIR, "port.new"), os.path.join(DIR, "port"))
server.serve_forever()
