"""Access: accounts, sessions and policies. Knows the tables and providers."""

from channel.access.accounts import (
    BadTokenError,
    Principal,
    RoleError,
    SignInError,
    add_token,
    add_user,
    set_password,
)
from channel.access.policies import (
    ForgedError,
    PolicyError,
    RoleRefusedError,
    allow,
    principal,
    public,
    require_policies,
    scope,
)
from channel.access.sessions import (
    NotSignedInError,
    csrf_token,
    current_principal,
    my_roles,
    sign_in,
    sign_out,
    switch_role,
    tell_who,
)

__all__ = [
    "BadTokenError",
    "ForgedError",
    "NotSignedInError",
    "PolicyError",
    "Principal",
    "RoleError",
    "RoleRefusedError",
    "SignInError",
    "add_token",
    "add_user",
    "allow",
    "csrf_token",
    "current_principal",
    "my_roles",
    "principal",
    "public",
    "require_policies",
    "scope",
    "set_password",
    "sign_in",
    "sign_out",
    "switch_role",
    "tell_who",
]
