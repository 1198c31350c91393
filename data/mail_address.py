"""What a mail address looks like, wherever one is read: one to one person, as long as mail servers take it (RFC 5321, 4.5.3.1)."""

import re

ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{1,189}")
"""For `fullmatch`."""
