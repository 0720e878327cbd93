# SPDX-License-Identifier: Apache-2.0
"""A time stamp authority on loopback: openssl ts -reply behind HTTP, honest and otherwise.

tsa.py DIR: serves one behaviour a path; writes its ports, for http and https, into DIR/port. Each reply is made by
`openssl ts -reply -config DIR/tsa.cnf -section SECTION`.
"""
import http.server
import os
import re
import ssl
import subprocess
import sys
import threading
import time

DIR = sys.argv[1]


def openssl(*args, given=b""):
    """What openssl prints when it is given these bytes in the file that ends its arguments."""
    path = os.path.join(DIR, "given.%d" % time.monotonic_ns())
    with open(path, "wb") as f:
        f.write(given)
    done = subprocess.run(["openssl", *args, path], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False)
    os.unlink(path)
    return done.stdout


def reply(query, section, *how):
    return openssl("ts", "-reply", "-config", os.path.join(DIR, "tsa.cnf"), "-section", section,
                   *how, "-queryfile", given=query)


def signed_again(query, name, year=None):
    """A good token's content, of that year, signed by a certificate that openssl ts would not take."""
    content = openssl("cms", "-verify", "-noverify", "-inform", "DER", "-in",
                      given=reply(query, "tsa", "-token_out"))
    if year is not None:
        content = re.sub(rb"\d{4}(\d{10}Z)", year + rb"\1", content)
    return openssl("cms", "-sign", "-binary", "-nodetach", "-cades", "-md", "sha256", "-outform",
                   "DER", "-econtent_type", "1.2.840.113549.1.9.16.1.4", "-signer",
                   os.path.join(DIR, name + ".pem"), "-inkey", os.path.join(DIR, name + ".key"),
                   "-in", given=content)


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
        elif what in ("unfit", "stranger"):
            self.answer(signed_again(query, what))
        elif what == "past":
            self.answer(signed_again(query, "expired", b"2020"))
        elif what in ("tsa", "expired", "other", "sha1", "weak"):
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


def serve(tls):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(DIR, "stranger.pem"), os.path.join(DIR, "stranger.key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
    return server.server_address[1]


ports = [serve(tls) for tls in (False, True)]
with open(os.path.join(DIR, "port.new"), "w", encoding="ascii") as f:
    print(*ports, file=f)
os.rename(os.path.join(DIR, "port.new"), os.path.join(DIR, "port"))
