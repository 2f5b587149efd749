"""A workspace that is ready to ship: a person, a connected shop, accounts, an address and boxes.

Safe to repeat.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from core.models import Membership, Role, User, Workspace
from creatorflow.demo.processes import ask
from creatorflow.demo.start import EMAIL, PASSWORD
from orders.models import Order
from shipping import accounts, listening
from shipping.models import LabelAccount, ParcelPreset, ShipFrom
from shops import connect, subscriptions
from shops.models import Shop

KEYS = {"easypost": "EZTKsandbox0000000000demo", "shippo": "shippo_test_sandbox0000demo"}
BOXES = [  # name, inches, empty weight in grams, units that fit
    ("Mailer S", (8, 6, 1), 20, 1),
    ("Box M", (9, 7, 4), 90, 4),
    ("Box L", (12, 10, 6), 180, None),
]


@dataclass(frozen=True, slots=True)
class Demo:
    """Who signs in where."""

    user: User
    workspace: Workspace
    shop: Shop


def set_up(sandbox: str, keys: Mapping[str, str] = KEYS) -> Demo:
    """Bring the demo's workspace about, or find it as an earlier start left it.

    `keys` are those of its label accounts, by provider.
    """
    user = User.objects.filter(email=EMAIL).first() or User.objects.create_user(EMAIL, PASSWORD)
    workspace, _ = Workspace.objects.get_or_create(
        slug="glow-and-gather", defaults={"name": "Glow & Gather"}
    )
    Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": Role.OWNER})
    _ship_from(workspace)
    shop = Shop.objects.of(workspace).connected().first() or _connect(workspace, user, sandbox)
    for provider, key in keys.items():
        if not LabelAccount.objects.of(workspace).filter(provider=provider).exists():
            accounts.add(workspace, provider, key, user=user)
    accounts.ensure_tiktok_accounts(workspace)
    return Demo(user, workspace, shop)


def listen(demo: Demo) -> None:
    """Have the simulated third parties tell this demo what changes, so that it shows in seconds."""
    subscriptions.subscribe(shop_id=demo.shop.pk)
    accounts_with_keys = LabelAccount.objects.of(demo.workspace).filter(provider__in=KEYS)
    for account in accounts_with_keys.select_related("workspace"):
        listening.start(account, user=demo.user)


def move_parcels(sandbox: str) -> None:
    """Have simulated carriers do in six minutes what takes real ones a day, and not always well."""
    habits = {"pace": 240, "late": True, "never": 0.04, "lost": 0.02, "returned": 0.03}
    ask(f"{sandbox}/_control/carriers", habits)


def _ship_from(workspace: Workspace) -> None:
    if not workspace.ship_from.exists():
        ShipFrom.objects.create(
            workspace=workspace,
            label="Studio",
            name="Maya Ortiz",
            company="Glow & Gather",
            street1="2140 Glendale Blvd",
            street2="Unit 4",
            city="Los Angeles",
            state="CA",
            postal_code="90039",
            phone="2135550134",
            email=EMAIL,
            is_default=True,
        )
    if not workspace.parcel_presets.exists():
        for at, (name, size, grams, units) in enumerate(BOXES):
            length, width, height = (round(25.4 * side) for side in size)
            ParcelPreset.objects.create(
                workspace=workspace,
                name=name,
                length_mm=length,
                width_mm=width,
                height_mm=height,
                weight_g=grams,
                most_units=units,
                is_default=at == 1,
            )


def _connect(workspace: Workspace, user: User, sandbox: str) -> Shop:
    """The way a seller goes: out with a state, TikTok's page, back with a code."""
    state = dict(parse_qsl(urlsplit(connect.begin(workspace, user, "US")).query))["state"]
    code = ask(f"{sandbox}/_control/tiktok/code", {})["code"]
    done = connect.complete({"code": code, "state": state, "shop_region": "US"}, user)
    if not isinstance(done, connect.Connected):
        raise TypeError(f"the simulated TikTok did not let us in: {done}")
    return done.shops[0]


def waiting_work() -> dict[str, int]:
    """What is still to be done before the first page is worth opening."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalog_sku WHERE product_read_at IS NULL")
        skus = int(cursor.fetchone()[0])
    ready = Order.objects.filter(stage="ready")
    return {
        "skus": skus,
        "unquoted": ready.exclude(plan_until__gt=now).count(),
        "ready": ready.count(),
    }


def queued() -> set[str]:
    """Names of the jobs that wait or run; a job leaves the queue when it has ended. One that was
    put off is not waited for; one that runs is locked for much longer than any of those."""
    now = timezone.now()
    put_off = OrmQ.objects.filter(lock__gt=now, lock__lt=now + timedelta(minutes=2))
    return {task.name() for task in OrmQ.objects.exclude(pk__in=put_off.values("pk"))}
