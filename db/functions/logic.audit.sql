create function logic.audit(
  action text, object_type text, object_id text, before jsonb default null, after jsonb default null, actor_id uuid default null
) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform shop.audit(audit.action, audit.object_type, audit.object_id, audit.before, audit.after, audit.actor_id);
end;
$$;
comment on function logic.audit is 'Writes an act into the audit log that is no change of a row (those tell by trigger, shop.audit_row). Never with a secret, an address or a name in it. The actor is the caller of the request unless given. For functions that run as the owner.';
