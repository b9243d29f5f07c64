-- Undoes 0018.payment-methods.
-- depends: 0017.api-keys

drop trigger payments_check_order on shop.payments;
drop trigger orders_check_payment on shop.orders;
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
      else p.captured_amount is distinct from o.total_amount
        or exists (select from shop.reservations r where r.order_id = o.id and r.state <> 'taken')
    end
  ) then
    raise sqlstate '23514' using
      message = 'an order is confirmed exactly when it is paid and its stock is taken',
      constraint = 'orders_confirmed_when_paid';
  end if;
  return null;
end;
$$;
create constraint trigger orders_check_payment after insert or update of status, total_amount on shop.orders
  deferrable initially deferred for each row execute function shop.check_order_payment();
create constraint trigger payments_check_order after insert or update of captured_amount, order_id on shop.payments
  deferrable initially deferred for each row execute function shop.check_order_payment();
comment on function shop.check_order_payment is
  'At the end of the transaction nothing is delivered unpaid, and no money lies on an order that still waits for it.';

delete from shop.order_transitions where from_status = 'shipped' and to_status = 'cancelled';
drop trigger refunds_audit_settled on shop.refunds;
drop trigger payments_audit_received on shop.payments;
alter table shop.payments
  drop constraint payments_only_cards_have_intents,
  drop constraint payments_method_is_known,
  drop column method;
drop table shop.payment_methods;
