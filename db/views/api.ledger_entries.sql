create view api.ledger_entries with (security_invoker) as
select id, posting_id, payment_id, account, amount, currency, reason, source_id, created_at from shop.ledger_entries;
comment on view api.ledger_entries is $$Ledger of money
Append-only and in double entry, for staff: all entries add up to 0, those of stripe, bank and cash to the money that lies there.$$;
comment on column api.ledger_entries.id is 'Key, rising.';
comment on column api.ledger_entries.posting_id is 'The posting; its entries add up to 0.';
comment on column api.ledger_entries.payment_id is 'The payment concerned.';
comment on column api.ledger_entries.account is 'stripe, bank or cash, where money lies; sales, refunds or disputes, why it moved.';
comment on column api.ledger_entries.amount is 'Debit, or credit if negative.';
comment on column api.ledger_entries.currency is 'ISO 4217 code.';
comment on column api.ledger_entries.reason is 'capture, refund or dispute.';
comment on column api.ledger_entries.source_id is 'Id of the payment, refund or dispute that moved it.';
comment on column api.ledger_entries.created_at is 'When.';
grant select on api.ledger_entries to staff;
