"""The rows that the matrix speaks of: three customers with all that customers have, the hidden beside the shown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from tests.db.world import World, fill, make_order, make_person, make_product, pay
from tests.matrix.declared import Call

# Who acts: database role and person. carl's session has ended; nobody is a customer whose token names no person.
ACTORS: dict[str, tuple[str, str | None]] = {
    "anon": ("anon", None),
    "guest": ("customer", "guest"),
    "anna": ("customer", "anna"),
    "bert": ("customer", "bert"),
    "staff": ("staff", "staff"),
    "admin": ("admin", "admin"),
    "service": ("service", None),
    "worker": ("worker", None),
    "nobody": ("customer", None),
    "carl": ("customer", "carl"),
    # Programs with an API key, of all scopes and of none that counts.
    "integration": ("integration", None),
    "idle": ("integration", None),
}
# Their tokens are refused before any statement of theirs; in SQL `nobody` and `idle` show what the policies alone do.
REFUSED = ("carl", "nobody", "idle")
BUYERS = ("anna", "bert", "guest")
ROWS = Path(__file__).with_name("rows.sql")
# An approved review is for everybody.
PUBLIC = {"bert_review"}
COST_PRICE = "98765.43"
SCOPES = ["manage_stock", "read_catalogue", "read_orders"]
Claims = dict[str, Any]


def without(*names: str) -> Callable[[Claims, World], Claims]:
    return lambda said, world: {name: value for name, value in said.items() if name not in names}


def with_session_of(person: str, **more: Any) -> Callable[[Claims, World], Claims]:
    def change(said: Claims, world: World) -> Claims:
        return said | {"sub": str(world.ids[person]), "sid": str(world.ids[f"{person}_session"])} | more

    return change


def with_key(name: str) -> Callable[[Claims, World], Claims]:
    key = f"{name}_api_key"
    return lambda said, world: claims(world, "integration") | {"sid": str(world.ids[key]), "sub": str(world.ids[key])}


# Claims that must not pass, each anna's but for one thing.
DAMAGED: dict[str, Callable[[Claims, World], Claims]] = {
    **{
        f"anna without {name}": without(name)
        for name in ["aud", "iss", "exp", "iat", "jti", "sub", "sid", "role", "token_type"]
    },
    "anna for another audience": lambda said, world: said | {"aud": "elsewhere"},
    "anna of another issuer": lambda said, world: said | {"iss": "elsewhere"},
    "anna with another kind of token": lambda said, world: said | {"token_type": "refresh"},
    "anna with an empty jti": lambda said, world: said | {"jti": ""},
    "anna too late": lambda said, world: said | {"exp": said["iat"] - 1},
    "anna too soon": lambda said, world: said | {"iat": said["iat"] + 7200, "exp": said["exp"] + 7200},
    "anna for ever": lambda said, world: said | {"exp": 4102444800},
    "anna in a while": lambda said, world: said | {"nbf": said["iat"] + 60},
    "anna with scopes": lambda said, world: said | {"scopes": ["read_orders"]},
    "who says only a role": lambda said, world: {"role": "customer"},
    "a visitor with a name": lambda said, world: {"role": "anon", "sub": said["sub"]},
    "a program with another's key": lambda said, world: claims(world, "integration") | {"sid": said["sid"]},
    "a program as another": lambda said, world: claims(world, "integration") | {"sub": said["sub"]},
    "a program with a scope less": lambda said, world: claims(world, "integration") | {"scopes": SCOPES[1:]},
    "a program with a revoked key": with_key("revoked"),
    "a program with an old key": with_key("expired"),
    "anna as a program": lambda said, world: said | {"role": "integration", "scopes": SCOPES},
    "anna with a time in words": lambda said, world: said | {"exp": str(said["exp"])},
    "anna as staff": lambda said, world: said | {"role": "staff"},
    "anna in bert's session": lambda said, world: said | {"sid": str(world.ids["bert_session"])},
    "anna as bert": lambda said, world: said | {"sub": str(world.ids["bert"])},
    "who signed out": with_session_of("carl"),
    "whose session is over": with_session_of("dora"),
    "who is banned": with_session_of("emil"),
}


def build(connection: psycopg.Connection[Any]) -> World:
    """Make it all in the open transaction of a superuser."""
    world = World(connection)
    world.act_as("owner")
    # The clock of its transaction, which stands still for as long as mutants and cells are asked.
    world.keep("now", "select extract(epoch from now())::bigint - 1")
    for person in (*BUYERS, "carl", "dora", "emil"):
        make_person(world, person)
    for person in ("staff", "admin"):
        make_person(world, person, person)
    world.run("update auth.sessions set ended_at = now(), end_reason = 'logout' where id = %(carl_session)s")
    world.run("update auth.sessions set expires_at = now() where id = %(dora_session)s")
    world.run("update auth.accounts set is_active = false where id = %(emil)s")
    make_product(world, "apple", stock=50)
    make_product(world, "pear", stock=50)
    make_product(world, "secret", stock=20, is_active=False)
    world.run("update shop.products set cost_price = %(cost_price)s", cost_price=COST_PRICE)
    for person in BUYERS:
        make_order(world, person, f"{person}_order", 2)
        fill(world, person)
        pay(world, f"{person}_order")
    world.act_as("owner")
    world.run("update shop.customers set is_guest = true, email = null where id = %(guest)s")
    psycopg.ClientCursor(connection).execute(ROWS.read_text(), world.ids)
    connection.execute("set constraints all immediate")
    connection.execute("set constraints all deferred")
    for name, key in connection.execute("select name, key from pg_temp.named").fetchall():
        world.ids[name] = key
    connection.execute("drop table pg_temp.named")
    connection.execute("reset role")
    return world


def claims(world: World, actor: str) -> dict[str, Any]:
    """What a token of this actor says, as the service would sign it."""
    role, person = ACTORS[actor]
    if role == "anon":
        return {"role": "anon"}
    said = {"aud": "pgshop", "iss": "pgshop", "token_type": "access", "jti": actor, "role": role}
    said |= {"iat": world.ids["now"], "exp": world.ids["now"] + 900}
    if role == "integration":
        key = str(world.ids["api_key"])
        return said | {"sid": key, "sub": key, "scopes": SCOPES if actor == "integration" else []}
    # Roles without people borrow anna's session, the best that a thief of such a name could have.
    session = world.ids[f"{person or 'anna'}_session"]
    said |= {"sid": str(session), "sub": str(world.ids[person or "anna"])}
    if actor == "nobody":
        del said["sub"]
    return said


def become(connection: psycopg.Connection[Any], world: World, actor: str) -> None:
    """Take role and claims, as PostgREST does."""
    connection.execute("reset role")
    connection.execute(
        "select set_config('request.jwt.claims', %s, true), set_config('request.headers', '{}', true)",
        [json.dumps({"role": actor} if actor in {"anon", "service", "worker"} else claims(world, actor))],
    )
    connection.execute(f"set local role {ACTORS[actor][0]}")


def secrets(world: World, actor: str) -> frozenset[str]:
    """Ids and addresses that no answer to this actor may contain: of others, and of what is hidden."""
    if ACTORS[actor][0] not in {"anon", "customer"}:
        return frozenset()
    names = {person for person in BUYERS if person != actor}
    hidden = {"secret", "green"}
    return frozenset(
        {
            str(key)
            for name, key in world.ids.items()
            if name.partition("_")[0] in names | hidden and name not in PUBLIC and isinstance(key, UUID)
        }
        | {f"{person}@example.com" for person in names}
        | {COST_PRICE}
    )


def belongings(world: World, actor: str) -> tuple[str, str]:
    """A question for a mark of everything that belongs to others than this customer, and its answer now."""
    me = world.ids.get(actor, "00000000-0000-4000-8000-000000000000")
    lines = [f"select t::text as line from shop.customers t where id <> '{me}'"]
    lines += [
        f"select t::text from {table} t where {whose} <> '{me}'"
        for table, whose in (
            ("shop.carts", "customer_id"),
            ("shop.cart_items", "(select c.customer_id from shop.carts c where c.id = cart_id)"),
            ("shop.addresses", "customer_id"),
            ("shop.orders", "customer_id"),
            ("shop.reviews", "customer_id"),
            ("shop.wishlist_items", "customer_id"),
            ("shop.idempotency_keys", "customer_id"),
            ("auth.sessions", "account_id"),
        )
    ]
    question = f"select md5(string_agg(line, ' ' order by line)) from ({' union all '.join(lines)}) everything"
    return question, str(world.value(question.replace("%", "%%")))


def filled(world: World, call: Call, whose: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    """Arguments, path and body with somebody's things: `{order}` is this person's order, `{apple}` the one apple."""

    def fill(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            # JSON that is nothing but a string.
            return json.dumps(fill(value[0]))
        if isinstance(value, str) and value.startswith("{"):
            name = value.strip("{}")
            theirs = whose if name == "person" else f"{whose}_{name}"
            return str(world.ids[theirs if theirs in world.ids else name])
        return value

    return fill(call.given), {f"x-path-{key}": fill(value) for key, value in call.path.items()}, fill(call.body)
