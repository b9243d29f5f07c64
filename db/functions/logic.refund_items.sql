create function logic.refund_items(
  refunded shop.orders, items jsonb, amount numeric, reason text, restock boolean, is_cancellation boolean
) returns shop.refunds
language plpgsql set search_path = '' as $$
declare
  payment shop.payments;
  worth numeric;
  refund shop.refunds;
begin
  perform logic.check_items(refunded.id, items);
  perform logic.lock_stock_of(refunded.id);
  select p.* into payment from shop.payments p where p.order_id = refunded.id for update;
  if payment.captured_amount = 0 then
    perform logic.problem(409, 'order_not_paid', 'Nothing was paid for this order.');
  end if;
  -- An amount alone is goodwill; without an amount goods come back, those named or all.
  if items is not null or amount is null then
    worth := logic.take_back(refunded.id, items, restock, is_cancellation);
  end if;
  if amount is null then
    amount := payment.captured_amount - payment.refunded_amount;
    if exists (select from shop.order_items i where i.order_id = refunded.id and i.returned_quantity < i.quantity) then
      amount := least(amount, worth + coalesce(round(
        refunded.tax * worth / nullif(refunded.subtotal - refunded.discount, 0), 2
      ), 0));
    end if;
  end if;
  refund := logic.request_refund(payment, amount, coalesce(reason, ''));
  if refund.id is null then
    perform logic.problem(409, 'nothing_to_refund', 'Nothing is left to give back, or a bank disputes the payment.');
  end if;
  return refund;
end;
$$;
comment on function logic.refund_items is 'Gives money back for goods of an order that the caller has locked, or an amount. Raises 409 order_not_paid, return_exceeds_sale, refund_exceeds_payment, nothing_to_refund, 422 validation_failed.';
