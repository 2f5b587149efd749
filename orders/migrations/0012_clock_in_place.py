from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0011_relabel")]

    operations = [
        # No query ever asked it: which clocks are due is told together with which are outdated.
        migrations.RemoveIndex(model_name="clock", name="clock_due"),
        migrations.RunSQL(
            "ALTER TABLE orders_clock SET (fillfactor = 50)",
            "ALTER TABLE orders_clock RESET (fillfactor)",
        ),
    ]
