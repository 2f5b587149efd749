import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_heartbeats"),
        ("orders", "0008_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="clock",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                (
                    "risk",
                    models.CharField(
                        choices=[
                            ("ok", "In time"),
                            ("risk", "At risk"),
                            ("late", "Late"),
                            ("scanned", "Scanned"),
                        ],
                        max_length=8,
                    ),
                ),
                ("risk_why", models.CharField(blank=True, max_length=300)),
                ("predicted_scan_at", models.DateTimeField(null=True)),
                ("next_risk_at", models.DateTimeField(null=True)),
                ("basis", models.BigIntegerField()),
                (
                    "workspace",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="core.workspace",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("risk__in", ["risk", "late"])),
                        fields=["workspace", "risk", "order"],
                        name="clock_at_risk",
                    ),
                    models.Index(
                        condition=models.Q(("next_risk_at__isnull", False)),
                        fields=["next_risk_at"],
                        name="clock_due",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("status", "AWAITING_COLLECTION")),
                fields=["workspace", "id"],
                name="order_awaits_scan",
            ),
        ),
    ]
