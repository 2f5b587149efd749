"""The database refuses to change or delete an audit entry, whoever asks."""

from django.db import migrations

# A person's account may be deleted; what they did stays, without its actor.
GUARD = """
CREATE FUNCTION core_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.actor_id IS NULL AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an audit entry is never changed or deleted' USING ERRCODE = '23001';
END $$;
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_audit_only_grows();
"""
UNGUARD = """
DROP TRIGGER only_grows ON core_auditentry;
DROP FUNCTION core_audit_only_grows();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
