-- Ways to pay other than by card: cash when the parcel comes, and a transfer to the shop's bank account.
-- depends: 0017.api-keys

create table shop.payment_methods (
  code text not null,
  name text not null,
  instructions text not null default '',
  hold_minutes integer,
  is_active boolean not null default false,
  constraint payment_methods_pkey primary key (code),
  constraint payment_methods_code_is_known check (code in ('card', 'cash_on_delivery', 'bank_transfer')),
  constraint payment_methods_name_length check (length(btrim(name)) between 1 and 100),
  constraint payment_methods_instructions_length check (length(instructions) <= 2000),
  constraint payment_methods_hold_minutes_in_range check (hold_minutes between 1 and 86400)
);
comment on table shop.payment_methods is 'Ways to pay, which of them are offered, and how long each holds stock.';
insert into shop.payment_methods (code, name, hold_minutes, is_active) values
  ('card', 'Card', null, true), ('cash_on_delivery', 'Cash on delivery', null, false),
  ('bank_transfer', 'Bank transfer', 10080, false);
call shop.protect('shop.payment_methods');
grant select on shop.payment_methods to anon, customer;
grant update (name, instructions, hold_minutes, is_active) on shop.payment_methods to admin;
create policy payment_methods_select_active on shop.payment_methods for select to anon, customer using (is_active);
create policy payment_methods_select_staff on shop.payment_methods for select to staff using (true);
create policy payment_methods_update_admin on shop.payment_methods for update to admin using (true) with check (true);
create trigger payment_methods_audit after update on shop.payment_methods
  for each row when (old.* is distinct from new.*)
  execute function shop.audit_row('payment_method.changed', 'code', 'name', 'instructions', 'hold_minutes', 'is_active');

alter table shop.payments
  add column method text not null default 'card',
  -- squawk-ignore constraint-missing-not-valid
  add constraint payments_method_is_known check (method in ('card', 'cash_on_delivery', 'bank_transfer')),
  -- So that nobody is charged by Stripe for what they pay in another way.
  -- squawk-ignore constraint-missing-not-valid
  add constraint payments_only_cards_have_intents check (method = 'card' or intent_id is null);
grant select (method) on shop.payments to customer;
create trigger payments_audit_received after update of captured_amount on shop.payments
  for each row when (new.method <> 'card' and old.captured_amount <> new.captured_amount)
  execute function shop.audit_row('payment.received', 'order_id', 'method', 'captured_amount');
create trigger refunds_audit_settled after update of status on shop.refunds
  for each row when (old.status <> new.status and new.status = 'succeeded' and new.stripe_refund_id is null)
  execute function shop.audit_row('refund.settled', 'id', 'payment_id', 'amount');

-- A parcel that nobody paid for, or fetched, comes back.
insert into shop.order_transitions (from_status, to_status, is_for_staff) values ('shipped', 'cancelled', true);

drop trigger payments_check_order on shop.payments;
drop trigger orders_check_payment on shop.orders;
-- squawk-ignore ban-drop-function
drop function shop.check_order_payment();
create function shop.check_order_payment() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  checked uuid := to_jsonb(new) ->> case tg_table_name when 'orders' then 'id' else 'order_id' end;
begin
  if exists (
    select from shop.orders o left join shop.payments p on p.order_id = o.id
    where o.id = checked and case o.status
      when 'cancelled' then false
      when 'pending' then p.captured_amount > 0
      else (
        p.captured_amount = o.total_amount
        or p.method = 'cash_on_delivery' and p.captured_amount = 0 and o.status <> 'refunded'
      ) is not true
        or exists (select from shop.reservations r where r.order_id = o.id and r.state <> 'taken')
    end
  ) then
    raise sqlstate '23514' using
      message = 'an order is confirmed exactly when it is paid, or to be paid on delivery, and its stock is taken',
      constraint = 'orders_confirmed_when_paid';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_payment after insert or update of status, total_amount on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_payment();
create constraint trigger payments_check_order after insert or update of captured_amount, order_id, method on shop.payments
  deferrable initially deferred for each row execute function shop.check_order_payment();
comment on function shop.check_order_payment is
  'At the end of the transaction nothing is delivered unpaid, unless it is paid to who brings it, and no money lies on an order that still waits for it.';
