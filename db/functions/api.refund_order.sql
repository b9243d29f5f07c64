create function api.refund_order(
  order_id uuid, items jsonb default null, amount numeric default null, reason text default '', restock boolean default true
) returns api.refunds
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  payment shop.payments;
  worth numeric;
  refund shop.refunds;
  answer api.refunds;
  known constant jsonb := logic.known_result('refund', jsonb_build_array(order_id, items, amount, reason, restock));
begin
  if known is not null then
    return jsonb_populate_record(answer, known);
  end if;
  select o.* into found_order from shop.orders o where o.id = refund_order.order_id for update;
  if found_order.id is null then
    perform logic.problem(404, 'order_not_found', 'There is no such order.');
  end if;
  if items is not null and (jsonb_typeof(items) <> 'array' or exists (
    select from jsonb_array_elements(items) e
    where coalesce(e ->> 'quantity', '') !~ '^[0-9]{1,6}$' or coalesce(e ->> 'sku', e ->> 'order_item_id') is null
  )) then
    perform logic.problem(422, 'validation_failed', 'items is a list of {sku or order_item_id, quantity}.');
  end if;
  perform logic.lock_stock_of(found_order.id);
  select p.* into payment from shop.payments p where p.order_id = found_order.id for update;
  if payment.captured_amount = 0 then
    perform logic.problem(409, 'order_not_paid', 'Nothing was paid for this order.');
  end if;
  -- An amount alone is goodwill; without an amount goods come back, those named or all.
  if items is not null or amount is null then
    worth := logic.take_back(found_order.id, items, restock);
  end if;
  if amount is null then
    amount := payment.captured_amount - payment.refunded_amount;
    if exists (select from shop.order_items i where i.order_id = found_order.id and i.returned_quantity < i.quantity) then
      amount := least(amount, worth + coalesce(round(
        found_order.tax * worth / nullif(found_order.subtotal - found_order.discount, 0), 2
      ), 0));
    end if;
  end if;
  refund := logic.request_refund(payment, amount, coalesce(reason, ''));
  if refund.id is null then
    perform logic.problem(409, 'nothing_to_refund', 'Nothing is left to give back, or a bank disputes the payment.');
  end if;
  -- Stripe has no part in it: who calls this has given the money back.
  if payment.method <> 'card' then
    perform logic.record_refund(refund.id, '{"status": "succeeded"}');
  end if;
  select r.* into answer from api.refunds r where r.id = refund.id;
  perform logic.keep_result(to_jsonb(answer));
  return answer;
end;
$$;
comment on function api.refund_order is $$Refund an order
For staff: in whole (no items, no amount), for goods that came back (items: a list of {sku or order_item_id, quantity}; their price and their share of the tax, and with the last of them all that is left), or an amount as goodwill. Goods go back into stock unless restock is false. What was paid by card goes back by itself; else staff has given it back, and records it by this.
Errors: 404 order_not_found, 409 order_not_paid, return_exceeds_sale, refund_exceeds_payment, nothing_to_refund, 422 validation_failed, idempotency_key_reused.$$;
grant execute on function api.refund_order to staff;
