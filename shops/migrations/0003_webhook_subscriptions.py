import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("shops", "0002_endings_and_refreshes"),
    ]

    operations = [
        migrations.CreateModel(
            name="WebhookSubscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_type", models.CharField(max_length=60)),
                ("address", models.CharField(max_length=255)),
                (
                    "state",
                    models.CharField(
                        choices=[("wanted", "wanted"), ("active", "active"), ("failed", "failed")],
                        default="wanted",
                        max_length=10,
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                (
                    "shop",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="shops.shop",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="webhooksubscription",
            constraint=models.UniqueConstraint(
                fields=("shop", "event_type"), name="subscribed_once"
            ),
        ),
    ]
