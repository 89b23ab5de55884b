"""Access, part 1: people, their roles and programs' tokens. Knows the tables; no session and no request."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import select
from sqlalchemy.orm import Session

from channel.tables import ROLES, Membership, Token, User
from stores.tables import Party

TOKEN_DAYS = 365
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - none that look alike
PARTY_KINDS_OF = {
    "dealer": ("dealer", "region"),
    "franchisee": ("franchisee",),
    "keeper": ("keeper",),
    "guide": ("guide",),
    "rep": ("rep",),
}
_hasher = PasswordHasher()


class RoleError(ValueError):
    """A role that does not exist, or that goes with a party of another kind."""


class SignInError(ValueError):
    """The name and the password do not belong together."""


class BadTokenError(ValueError):
    """A token that was never given out, has expired or was taken back."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, wearing one role: `party_key` is the party's row, `party_id` its outside id; none at the owner's."""

    name: str
    role: str
    party_key: int | None = None
    party_id: str | None = None
    user_id: int | None = None
    membership_id: int | None = None

    @property
    def tag(self) -> str:
        """What a phone keeps things under for this person in this role: the same for ever, and no secret."""
        return hashlib.sha256(f"{self.name}\0{self.role}\0{self.party_id}".encode()).hexdigest()[:16]


def add_user(db: Session, *, name: str, role: str, party: str | None = None, now: datetime) -> str | None:
    """Give a person a role and return the password made for them; `None` if they were known and keep theirs.

    Raises: RoleError, or UnknownPartyError if `party` is not the id of one.
    """
    party_key = _party_key(db, role, party)
    user = db.scalar(select(User).where(User.name == _known_name(name)))
    password = None
    if user is None:
        password = make_password()
        user = User(name=name, password_hash=_hasher.hash(password), made_at=now)
        db.add(user)
        db.flush()
    held = select(Membership.id).where(Membership.user_id == user.id, Membership.role == role)
    if db.scalar(held.where(Membership.party_id.is_not_distinct_from(party_key))) is None:
        db.add(Membership(user_id=user.id, role=role, party_id=party_key))
        db.flush()
    return password


def set_password(db: Session, *, name: str, password: str | None = None) -> str:
    """Change a person's password, made up if none is given, sign them out everywhere and return it.

    Raises: SignInError if nobody has that name.
    """
    user = db.scalar(select(User).where(User.name == name))
    if user is None:
        raise SignInError("nobody has this name")
    chosen = password or make_password()
    user.password_hash = _hasher.hash(chosen)
    user.epoch += 1
    db.flush()
    return chosen


def add_token(
    db: Session, *, name: str, role: str, party: str | None = None, now: datetime, days: int = TOKEN_DAYS
) -> str:
    """Make a token for a program and return it: it cannot be read again, for only its hash is kept.

    Raises: RoleError, or UnknownPartyError if `party` is not the id of one.
    """
    party_key = _party_key(db, role, party)
    text = "gb_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
    expires_at = now + timedelta(days=days)
    token = Token(token_hash=_hash(text), name=_known_name(name), role=role, party_id=party_key)
    token.made_at, token.expires_at = now, expires_at
    db.add(token)
    db.flush()
    return text


def make_password() -> str:
    """Make up a password that can be read aloud: four groups of four, 79 bits."""
    return "-".join("".join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(4))


def check_password(db: Session, *, name: str, password: str) -> User:
    """Return the person to whom name and password belong, in the same time whether or not the name is known.

    Raises: SignInError.
    """
    user = db.scalar(select(User).where(User.name == name, User.disabled_at.is_(None))) if "\0" not in name else None
    try:
        _hasher.verify(user.password_hash if user else _nobodys_hash(), password)
    except VerifyMismatchError as error:
        raise SignInError("the name or the password is wrong") from error
    if user is None:
        raise SignInError("the name or the password is wrong")
    return user


def memberships(db: Session, *, user_id: int, epoch: int | None = None) -> list[Principal]:
    """Return the roles a person may wear, in the order they were given; none once signed out everywhere."""
    worn = select(User.name, Membership.role, Membership.party_id, Party.party_id, User.id, Membership.id)
    worn = worn.join(Membership, Membership.user_id == User.id).outerjoin(Party, Party.id == Membership.party_id)
    asked = worn.where(User.id == user_id, User.disabled_at.is_(None))
    if epoch is not None:
        asked = asked.where(User.epoch == epoch)
    return [Principal(*row) for row in db.execute(asked.order_by(Membership.id))]


def token_principal(db: Session, *, text: str, now: datetime) -> Principal:
    """Return whom a token stands for.

    Raises: BadTokenError.
    """
    told = select(Token.name, Token.role, Token.party_id, Party.party_id).outerjoin(Party, Party.id == Token.party_id)
    row = db.execute(told.where(Token.token_hash == _hash(text), Token.expires_at > now)).first()
    if row is None:
        raise BadTokenError("the token is unknown or has expired")
    return Principal(*row)


def _party_key(db: Session, role: str, party: str | None) -> int | None:
    if role not in ROLES:
        raise RoleError(f"a role is one of {', '.join(ROLES)}")
    kinds = PARTY_KINDS_OF.get(role)
    if (kinds is None) != (party is None):
        raise RoleError(f"{role} needs a party" if kinds else f"{role} goes without a party")
    if kinds is None or party is None:
        return None
    found = db.execute(select(Party.id, Party.kind).where(Party.party_id == party)).first()
    if found is None or found.kind not in kinds:
        raise RoleError(f"{role} needs the id of a party of kind {' or '.join(kinds)}, and {party!r} is none")
    key: int = found.id
    return key


def _known_name(name: str) -> str:
    if not (0 < len(name) <= 64 and name.isprintable() and name == name.strip()):
        raise RoleError("a name is 1-64 printable characters")
    return name


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(make_password())
