"""Names for what rules refer to by id, asked for once and only when one is needed."""

from functools import cached_property

from shipping.models import LabelAccount, ParcelPreset
from shops.models import Shop


class Names:
    """Boxes, label accounts and shops of one workspace, by id."""

    def __init__(self, workspace_id: int) -> None:
        self._workspace = workspace_id

    @cached_property
    def boxes(self) -> dict[int, str]:
        """Boxes and mailers."""
        rows = ParcelPreset.objects.filter(workspace=self._workspace)
        return dict(rows.order_by("-is_default", "name").values_list("pk", "name"))

    @cached_property
    def accounts(self) -> dict[str, str]:
        """Label accounts in use."""
        rows = LabelAccount.objects.filter(workspace=self._workspace)
        found = rows.order_by("created_at").values_list("pk", "name")
        return {str(pk): name for pk, name in found}

    @cached_property
    def shops(self) -> dict[int, str]:
        """Shops."""
        rows = Shop.objects.filter(workspace=self._workspace)
        return dict(rows.order_by("name").values_list("pk", "name"))
