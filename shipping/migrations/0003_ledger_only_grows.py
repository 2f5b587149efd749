"""The database refuses to change or delete a ledger entry, whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION shipping_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a ledger entry is never changed or deleted' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON shipping_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION shipping_ledger_only_grows();
"""
UNGUARD = """
DROP TRIGGER only_grows ON shipping_ledgerentry;
DROP FUNCTION shipping_ledger_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("shipping", "0002_label_place_label_one_purchase_per_place")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
