"""Forms on which a carrier accepts many parcels by one scan: SCAN forms and manifests."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.states import StateTable
from shipping.models.accounts import LabelAccount

# ready    its labels are chosen, the provider was not asked yet
# asking   asked, and nothing more is known: from here on the form may exist
# unknown  the answer was lost: the provider is asked what became of it, never for a second one
# queued   the provider is making it
# made     the provider made it; its file may still be on its way
# refused  certainly not made: its labels are free for another
MANIFEST = StateTable(
    {
        "ready": {"asking", "refused"},
        "asking": {"made", "queued", "unknown", "refused"},
        "unknown": {"made", "queued", "refused"},
        "queued": {"made", "refused"},
        "made": set(),
        "refused": set(),
    }
)


class ManifestQuerySet(models.QuerySet["Manifest"]):
    """Forms by who may see them."""

    def of(self, workspace: Workspace) -> "ManifestQuerySet":
        """The workspace's forms."""
        return self.filter(workspace=workspace)


class Manifest(models.Model):
    """One form: the labels of one account, one origin ZIP and one mailing date. Made at most once."""

    workspace = models.ForeignKey(Workspace, models.PROTECT)
    account = models.ForeignKey(LabelAccount, models.PROTECT, related_name="manifests")
    state = models.CharField(max_length=10, choices=MANIFEST.choices, default="ready")
    provider = models.CharField(max_length=20)
    carrier = models.CharField(max_length=40)
    carrier_account = models.CharField(max_length=120, blank=True)  # the provider's id of it
    postal_code = models.CharField(max_length=20)  # where the parcels start
    sender = models.JSONField()  # the ship-from address, as on the labels
    mailing_date = models.DateField()
    shipped_at = models.DateTimeField()  # the earliest moment its labels are dated with
    label_count = models.PositiveIntegerField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    asked_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    # When it is looked after next: asked about, or its file fetched
    due_at = models.DateTimeField(null=True, default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=400, blank=True)  # a sentence for a person
    code = models.CharField(max_length=60, blank=True)
    provider_id = models.CharField(max_length=120, blank=True)
    form_url = models.TextField(blank=True)
    file_key = models.CharField(max_length=80, blank=True)  # core.files
    file_pages = models.PositiveSmallIntegerField(null=True)
    printed_at = models.DateTimeField(null=True)

    objects = ManifestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "provider_id"],
                condition=~models.Q(provider_id=""),
                name="manifest_once",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-created_at", "-id"], name="manifest_newest"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="manifest_due",
            ),
        ]

    def __str__(self) -> str:
        return f"manifest {self.pk} of {self.mailing_date}"
