#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Just enough of a kubelet: pods of a real containerd over its CRI socket.

    cri.py SOCKET pod NAMESPACE/NAME UID LOGS              prints the sandbox's id
    cri.py SOCKET container NAMESPACE/NAME UID LOGS SANDBOX NAME ATTEMPT IMAGE [HOST:INSIDE]...
                  -- COMMAND...                            creates and starts; prints the id
    cri.py SOCKET stop ID                                  stops a container

Pods use the host's network, so that no network plugin is needed, and ask for one port. The messages are encoded by hand
(runtime.v1 of the CRI); Debian has grpc for Python, but not the generated code.
"""
import sys

import grpc


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """Bytes, text or a message made of fields; numbers; lists are repeated fields."""
    if isinstance(value, list):
        return b"".join(field(number, v) for v in value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def message(**fields):
    """message(_1="text", _4=0)"""
    return b"".join(field(int(k[1:]), v) for k, v in fields.items())


def labels(number, words):
    return b"".join(field(number, message(_1=k, _2=v)) for k, v in words.items())


def first_text(data):
    """Field 1 of a response: an id."""
    if not data:
        return ""
    assert data[0] == 0x0A and data[1] < 0x80
    return data[2:2 + data[1]].decode()


NODE = 2  # namespace mode: that of the host


def sandbox_config(pod, uid, logs):
    namespace, name = pod.split("/")
    options = message(_1=message(_1=NODE))
    return (message(_1=message(_1=name, _2=uid, _3=namespace, _4=0),
                    _3=f"{logs}/{namespace}_{name}_{uid}")
            + field(5, message(_1=1, _2=5353, _3=53, _4="10.0.0.1"))  # UDP
            + labels(6, {"io.kubernetes.pod.name": name, "io.kubernetes.pod.uid": uid,
                         "io.kubernetes.pod.namespace": namespace})
            + field(8, message(_2=options)))


def container_config(args, command):
    name, attempt, image, *binds = args
    mounts = []
    for bind in binds:
        host, inside = bind.split(":")
        mounts.append(message(_1=inside, _2=host))
    return (message(_1=message(_1=name, _2=int(attempt)), _2=message(_1=image), _3=command,
                    _5="/srv/work", _7=mounts)
            + labels(9, {"io.kubernetes.container.name": name})
            + field(11, f"{name}/{attempt}.log"))


def call(channel, method, request):
    stub = channel.unary_unary(f"/runtime.v1.RuntimeService/{method}",
                               request_serializer=None, response_deserializer=None)
    return stub(request, timeout=60)


def main(argv):
    socket, verb, *args = argv
    with grpc.insecure_channel(f"unix:{socket}") as channel:
        if verb == "pod":
            request = message(_1=sandbox_config(*args))
            print(first_text(call(channel, "RunPodSandbox", request)))
        elif verb == "container":
            end = args.index("--")
            request = message(_1=args[3], _2=container_config(args[4:end], args[end + 1:]),
                              _3=sandbox_config(*args[:3]))
            made = first_text(call(channel, "CreateContainer", request))
            call(channel, "StartContainer", message(_1=made))
            print(made)
        elif verb == "stop":
            call(channel, "StopContainer", message(_1=args[0], _2=0))
        else:
            raise SystemExit(__doc__)


main(sys.argv[1:])
