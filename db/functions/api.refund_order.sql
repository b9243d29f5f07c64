create function api.refund_order(
  order_id uuid, items jsonb default null, amount numeric default null, reason text default '', restock boolean default true
) returns api.refunds
language plpgsql security definer set search_path = '' as $$
declare
  found_order shop.orders;
  refund shop.refunds;
  answer api.refunds;
  known constant jsonb := logic.known_result('refund', jsonb_build_array(order_id, items, amount, reason, restock));
begin
  if known is not null then
    return jsonb_populate_record(answer, known);
  end if;
  found_order := logic.lock_order(order_id);
  refund := logic.refund_items(found_order, items, amount, reason, restock, false);
  -- Stripe has no part in it: who calls this has given the money back.
  if (select p.method from shop.payments p where p.id = refund.payment_id) <> 'card' then
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
