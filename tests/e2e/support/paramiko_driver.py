"""Drives an SFTP server on standard input and output with paramiko: driver.py SERVER DIRECTORY."""

import hashlib
import os
import socket
import subprocess
import sys

from paramiko.sftp_client import SFTPClient


class Pipe:
    """What paramiko needs of a channel, over a socket."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, data):
        return self.sock.send(data)

    def recv(self, count):
        return self.sock.recv(count)

    def close(self):
        self.sock.close()

    def get_name(self):
        return "stdio"


near, far = socket.socketpair()
server = subprocess.Popen([sys.argv[1]], stdin=far.fileno(), stdout=far.fileno())
far.close()
sftp = SFTPClient(Pipe(near))
contents = os.urandom(3_000_000)
local = os.path.join(sys.argv[2], "source")
with open(local, "wb") as file:
    file.write(contents)

sftp.mkdir("d")
attributes = sftp.put(local, "d/a")
assert attributes.st_size == len(contents), attributes
with sftp.open("d/a", "rb") as file:
    file.prefetch()
    assert file.read() == contents
    file.seek(1_000_000)
    assert file.read(10) == contents[1_000_000:1_000_010]
    assert file.check("sha256") == hashlib.sha256(contents).digest()
    assert file.check("md5", 10, 100) == hashlib.md5(contents[10:110]).digest()
    assert file.check("sha1", 0, 1024, 512) == b"".join(
        hashlib.sha1(contents[at:at + 512]).digest() for at in (0, 512))
with sftp.open("d/b", "wb") as file:
    file.set_pipelined(True)
    for at in range(0, len(contents), 30_000):
        file.write(contents[at:at + 30_000])
assert sftp.stat("d/b").st_size == len(contents)
with sftp.open("d/b", "ab") as file:
    file.write(b"tail")
assert sftp.stat("d/b").st_size == len(contents) + 4
sftp.truncate("d/b", 7)
sftp.chmod("d/b", 0o600)
sftp.utime("d/b", (1, 2))
found = sftp.lstat("d/b")
assert (found.st_size, found.st_mode & 0o777, found.st_mtime) == (7, 0o600, 2), found
sftp.posix_rename("d/b", "d/a")
sftp.symlink("a", "d/l")
assert sftp.readlink("d/l") == "a"
assert sorted(sftp.listdir("d")) == ["a", "l"]
assert sftp.normalize("d/../d/l") == "/d/a", sftp.normalize("d/../d/l")
sftp.remove("d/l")
sftp.remove("d/a")
sftp.rmdir("d")
try:
    sftp.stat("d")
    raise SystemExit("a directory that is gone was found")
except FileNotFoundError:
    pass
sftp.close()
near.close()
assert server.wait(10) == 0
print("all good")
