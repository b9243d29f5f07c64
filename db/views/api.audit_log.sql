create view api.audit_log with (security_invoker) as
select id, created_at, actor_id, actor_role, action, object_type, object_id, request_id, before, after from shop.audit_log;
comment on view api.audit_log is $$Audit log
For staff: privileged acts, append-only. It has ids, amounts and settings, no secrets and no names.$$;
comment on column api.audit_log.id is 'Key, rising.';
comment on column api.audit_log.created_at is 'When.';
comment on column api.audit_log.actor_id is 'Whose account; null for what the shop or its command line did by itself.';
comment on column api.audit_log.actor_role is 'As which role: that of the token, or the database login (service, worker, migrator).';
comment on column api.audit_log.action is 'What was done, such as product.price_changed.';
comment on column api.audit_log.object_type is 'To what kind of thing.';
comment on column api.audit_log.object_id is 'Its id.';
comment on column api.audit_log.request_id is 'The X-Request-Id of the request, as in the logs, if it is hexadecimal: one that clients choose may be anything.';
comment on column api.audit_log.before is 'What it was.';
comment on column api.audit_log.after is 'What it became.';
grant select on api.audit_log to staff;
