-- The books in double entry, and disputes. Triggers post what comes in, goes back or is taken by a bank, and nobody else can.
-- depends: 0024.option-pairs

create table shop.disputes (
  -- Stripe's id and words.
  id text not null,
  payment_id uuid not null,
  amount numeric(12, 2) not null,
  reason text not null default '',
  status text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint disputes_pkey primary key (id),
  constraint disputes_payment_id_fkey foreign key (payment_id) references shop.payments (id) on delete restrict,
  constraint disputes_amount_is_positive check (amount > 0),
  constraint disputes_status_is_known check (status in (
    'warning_needs_response', 'warning_under_review', 'warning_closed', 'needs_response', 'under_review', 'won', 'lost',
    'prevented'
  ))
);
create index disputes_payment_id_idx on shop.disputes (payment_id);
create trigger disputes_touch before update on shop.disputes for each row execute function shop.touch();
create trigger disputes_audit after insert or update of status on shop.disputes
  for each row execute function shop.audit_row('dispute.changed', 'id', 'payment_id', 'amount', 'status');
comment on table shop.disputes is 'Payments that a cardholder''s bank asks back.';

create table shop.ledger_entries (
  id bigint generated always as identity,
  -- Entries of one posting add up to 0.
  posting_id uuid not null,
  payment_id uuid not null,
  account text not null,
  amount numeric(12, 2) not null,
  currency text not null,
  reason text not null,
  source_id text not null,
  created_at timestamptz not null default now(),
  constraint ledger_entries_pkey primary key (id),
  constraint ledger_entries_payment_id_fkey foreign key (payment_id) references shop.payments (id) on delete restrict,
  constraint ledger_entries_account_is_known check (
    account in ('stripe', 'bank', 'cash', 'sales', 'refunds', 'disputes')
  ),
  constraint ledger_entries_amount_not_zero check (amount <> 0),
  constraint ledger_entries_reason_is_known check (reason in ('capture', 'refund', 'dispute'))
);
create index ledger_entries_payment_id_idx on shop.ledger_entries (payment_id, id);
create index ledger_entries_posting_id_idx on shop.ledger_entries (posting_id);
comment on table shop.ledger_entries is 'Append-only ledger of money in double entry: debits are positive, credits negative.';

create function shop.post_entries(payment_id uuid, moved numeric, reason text, source_id text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  insert into shop.ledger_entries (posting_id, payment_id, account, amount, currency, reason, source_id)
  select posting.id, p.id, leg.account, leg.amount, p.currency, post_entries.reason, post_entries.source_id
  from (select gen_random_uuid() as id) posting, shop.payments p, lateral (values
    (case p.method when 'card' then 'stripe' when 'bank_transfer' then 'bank' else 'cash' end, moved),
    (case post_entries.reason when 'capture' then 'sales' else post_entries.reason || 's' end, -moved)
  ) leg (account, amount)
  where p.id = post_entries.payment_id and moved <> 0;
end;
$$;
comment on function shop.post_entries is 'One posting: what has moved to where money of this kind lies (from it, if negative), and the account that says why.';

create function shop.post_money() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  about jsonb := coalesce(to_jsonb(new), to_jsonb(old));
  moved numeric;
begin
  -- What was only asked for has not moved; what a bank disputes it takes at once, and gives it back to who wins.
  select sum(side.sign * case
    when side.said ? 'captured_amount' then (side.said ->> 'captured_amount')::numeric
    when side.said ->> 'status' in ('succeeded', 'needs_response', 'under_review', 'lost') then -(side.said ->> 'amount')::numeric
    else 0
  end) into moved
  from (values (to_jsonb(new), 1), (to_jsonb(old), -1)) side (said, sign) where side.said is not null;
  perform shop.post_entries(
    coalesce(about ->> 'payment_id', about ->> 'id')::uuid, moved,
    case tg_table_name when 'payments' then 'capture' else rtrim(tg_table_name, 's') end, about ->> 'id'
  );
  return null;
end;
$$;
comment on function shop.post_money is 'Posts what the change of a payment, a refund or a dispute has moved; what is taken back is posted the other way.';

create function shop.check_posting() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if (select sum(e.amount) from shop.ledger_entries e where e.posting_id = new.posting_id) <> 0 then
    raise sqlstate '23514' using
      message = 'the entries of a posting add up to 0', constraint = 'ledger_entries_balance';
  end if;
  return null;
end;
$$;
comment on function shop.check_posting is 'At the end of the transaction each posting adds up to 0, and so does the ledger.';

create trigger payments_post after insert or update of captured_amount on shop.payments
  for each row execute function shop.post_money();
create trigger refunds_post after insert or delete or update of status, amount on shop.refunds
  for each row execute function shop.post_money();
create trigger disputes_post after insert or delete or update of status, amount on shop.disputes
  for each row execute function shop.post_money();

-- What was paid and given back before there were books.
do $$
begin
  perform shop.post_entries(p.id, p.captured_amount, 'capture', p.id::text) from shop.payments p;
  perform shop.post_entries(r.payment_id, -r.amount, 'refund', r.id::text) from shop.refunds r where r.status = 'succeeded';
end;
$$;

-- What payments, refunds and disputes post comes from their triggers; a statement of somebody's own is refused, the owner's too.
create trigger ledger_entries_follow_money before insert on shop.ledger_entries
  for each row when (pg_trigger_depth() = 0) execute function shop.refuse_change();
create trigger ledger_entries_append_only before update or delete on shop.ledger_entries
  for each row execute function shop.refuse_change();
create trigger ledger_entries_no_truncate before truncate on shop.ledger_entries
  for each statement execute function shop.refuse_change();
create constraint trigger ledger_entries_check_posting after insert on shop.ledger_entries
  deferrable initially deferred for each row execute function shop.check_posting();

alter table shop.orders add column is_disputed boolean not null default false;
create function shop.flag_disputed_order() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  update shop.orders o set is_disputed = exists (
    select from shop.disputes d where d.payment_id = p.id and d.status not in ('won', 'warning_closed', 'prevented')
  )
  from shop.payments p where p.id = new.payment_id and o.id = p.order_id;
  return null;
end;
$$;
create trigger disputes_flag_order after insert or update of status on shop.disputes
  for each row execute function shop.flag_disputed_order();
comment on function shop.flag_disputed_order is 'An order is flagged while a bank asks its money back, or has kept it.';

-- News of a refund may overtake that of its payment: it waits for it.
alter table shop.payment_events
  -- squawk-ignore ban-drop-constraint
  drop constraint payment_events_outcome_is_known,
  -- squawk-ignore constraint-missing-not-valid
  add constraint payment_events_outcome_is_known check (outcome in ('applied', 'ignored', 'quarantined', 'deferred'));
-- squawk-ignore require-concurrent-index-creation
create index payment_events_deferred_idx on shop.payment_events ((payload #>> '{data,object,payment_intent}'))
  where outcome = 'deferred';

call shop.protect('shop.disputes', 'shop.ledger_entries');
grant select on shop.disputes, shop.ledger_entries to staff;
create policy disputes_select_staff on shop.disputes for select to staff using (true);
create policy ledger_entries_select_staff on shop.ledger_entries for select to staff using (true);
