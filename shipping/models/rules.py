"""Automation rules: as people write them, as they went live, and what they would change; and
presets, the same by hand."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.states import StateTable

RUN = StateTable(
    {
        "waiting": {"working", "stopped"},
        "working": {"working", "done", "failed", "stopped"},
        "done": set(),
        "failed": set(),
        "stopped": set(),
    }
)


class Rule(models.Model):
    """One rule as it is being written; it counts once it is part of a rule set that went live."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80)
    is_on = models.BooleanField(default=True)
    conditions = models.JSONField(default=dict)  # shipping/rules/conditions.py
    actions = models.JSONField(default=dict)  # shipping/rules/actions.py
    stop = models.BooleanField(default=False)  # those below are not asked for its orders
    updated_at = models.DateTimeField(default=timezone.now)
    updated_by = models.ForeignKey(User, models.SET_NULL, null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "position"], name="rule_order")]

    def __str__(self) -> str:
        return self.name


class RuleSet(models.Model):
    """The rules that were live from a moment on, word for word. The newest counts; none is ever
    changed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rule_sets")
    number = models.PositiveIntegerField()
    # [{id, name, conditions, actions, stop, is_on}] in their order
    rules = models.JSONField(default=list)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.SET_NULL, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="rule_set_number")
        ]

    def __str__(self) -> str:
        return f"rule set {self.number}"


class RuleRun(models.Model):
    """A dry run: what rules would have changed for past and open orders. Changes no order."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="rule_runs")
    state = models.CharField(max_length=10, choices=RUN.choices, default="waiting")
    rules = models.JSONField(default=list)  # as they were when it was asked for
    live = models.PositiveIntegerField(default=0)  # number of the rule set it is compared with
    days = models.PositiveSmallIntegerField(default=30)
    most = models.PositiveIntegerField(default=100_000)  # orders, newest first
    total = models.PositiveIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    result = models.JSONField(default=dict)  # rules, clashes, fields, money by currency
    reason = models.CharField(max_length=300, blank=True)  # why it failed, for a person
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    runner_seen_at = models.DateTimeField(null=True)  # older means it died
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-created_at"], name="rule_run_newest")]

    def __str__(self) -> str:
        return f"dry run {self.pk}"


class RuleRunRow(models.Model):
    """One order that a dry run would change, before and after."""

    run = models.ForeignKey(RuleRun, models.CASCADE, related_name="rows")
    order = models.ForeignKey("orders.Order", models.CASCADE, related_name="+")
    before = models.JSONField()  # {set: {...}, service: "UPS Ground"}
    after = models.JSONField()
    cost_before = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    cost_after = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # null: not quoted
    currency = models.CharField(max_length=3, blank=True)
    why = models.CharField(max_length=200, blank=True)  # why there is no price

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="rule_run_rows")]

    def __str__(self) -> str:
        return f"row of dry run {self.run_id}"


class Preset(models.Model):
    """What one key gives the selected orders: parcel, service, account, extras and tags at once."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="presets")
    key = models.PositiveSmallIntegerField()  # 1 to 9
    name = models.CharField(max_length=80)
    actions = models.JSONField(default=dict)  # shipping/rules/actions.py, without hold

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="preset_key_once"),
            models.CheckConstraint(
                condition=models.Q(key__gte=1, key__lte=9), name="preset_key_is_a_digit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.name}"
