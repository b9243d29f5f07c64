-- What is left when a customer is erased: orders without a customer, whose amounts, dates and country stand as they were.
-- Everything else that belongs to them goes with their row, by the foreign keys, and nothing written later can come back.
-- depends: 0019.second-factors

alter table shop.orders
  -- squawk-ignore ban-drop-not-null
  alter column customer_id drop not null,
  -- Every order has a customer when this is added.
  -- squawk-ignore constraint-missing-not-valid
  add constraint orders_of_nobody_tell_of_nobody check (
    customer_id is not null or (
      shipping_address - 'country' = '{}' and billing_address - 'country' = '{}' and notes = ''
      and num_nulls(tracking_number, guest_email) = 2
    )
  );
comment on column shop.orders.customer_id is 'Who ordered; null once they are erased.';

create function shop.keep_history() returns trigger
language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and new.notes = '' and to_jsonb(new) - 'notes' = to_jsonb(old) - 'notes'
    and exists (select from shop.orders o where o.id = new.order_id and o.customer_id is null)
  then
    return new;
  end if;
  raise sqlstate '23514' using
    message = 'order_status_history is append-only', constraint = 'order_status_history_append_only';
end;
$$;
comment on function shop.keep_history is 'The history of an order is append-only; of an erased customer''s, what was said goes, and what happened stays.';
drop trigger order_status_history_append_only on shop.order_status_history;
create trigger order_status_history_append_only before update or delete on shop.order_status_history
  for each row execute function shop.keep_history();

-- Stripe tells more than the shop needs: who paid, with which card. What is not stored need not be erased, also not from
-- what comes after the erasure; Stripe has the rest under the event's id.
create function shop.event_core(event jsonb) returns jsonb
language sql immutable
return (
  select coalesce(jsonb_object_agg(e.key, e.value), '{}') from jsonb_each(event) e
  where e.key in ('id', 'type', 'created', 'api_version', 'livemode') and jsonb_typeof(e.value) not in ('object', 'array')
) || jsonb_build_object('data', jsonb_build_object('object', (
  select coalesce(jsonb_object_agg(t.key, t.value), '{}')
  from jsonb_each(case jsonb_typeof(event #> '{data,object}') when 'object' then event #> '{data,object}' else '{}' end) t
  where t.key in ('id', 'object', 'amount', 'amount_received', 'currency', 'status', 'payment_intent', 'charge', 'reason')
    and jsonb_typeof(t.value) not in ('object', 'array')
) || jsonb_build_object('metadata', jsonb_strip_nulls(jsonb_build_object(
  'order_id', event #> '{data,object,metadata,order_id}', 'refund_id', event #> '{data,object,metadata,refund_id}'
)))));
comment on function shop.event_core is 'What the shop keeps of an event of Stripe: ids, state and amounts.';

create function shop.reduce_event() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.payload := shop.event_core(new.payload);
  return new;
end;
$$;
comment on function shop.reduce_event is 'Keeps of an event what is needed, and nothing about people.';
create trigger payment_events_reduce before insert or update of payload on shop.payment_events
  for each row execute function shop.reduce_event();
update shop.payment_events set payload = shop.event_core(payload);
comment on table shop.payment_events is 'Webhooks that came, each once: ids, state and amounts of them, and what became of them.';

-- Rows that speak of one person or one order are found by it.
-- squawk-ignore require-concurrent-index-creation
create index outbox_subject_idx on shop.outbox ((coalesce(payload ->> 'customer_id', payload ->> 'order_id')));
