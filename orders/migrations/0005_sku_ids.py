import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

# Orders that were read before the column was there get it from their lines.
FILL = """
UPDATE orders_order o SET sku_ids = l.sku_ids FROM (
    SELECT order_id, array_agg(DISTINCT sku_id) AS sku_ids FROM orders_line
    WHERE sku_id <> '' GROUP BY order_id
) AS l WHERE l.order_id = o.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_gaps_and_reconciliation"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="sku_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40), default=list, size=None
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="order",
            index=django.contrib.postgres.indexes.GinIndex(fields=["sku_ids"], name="order_skus"),
        ),
    ]
