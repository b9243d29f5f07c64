create function logic.withdraw_order(withdrawn shop.orders, cancelled_by text, note text) returns void
language plpgsql set search_path = '' as $$
declare
  payment shop.payments;
begin
  perform logic.lock_stock_of(withdrawn.id);
  select p.* into payment from shop.payments p where p.order_id = withdrawn.id for update;
  update shop.reservations r set state = 'released' where r.order_id = withdrawn.id and r.state = 'held';
  update shop.promotion_uses u set is_given_back = true where u.order_id = withdrawn.id;
  update shop.orders o set cancelled_by = withdraw_order.cancelled_by where o.id = withdrawn.id;
  if withdrawn.status <> 'pending' then
    perform logic.take_back(withdrawn.id, null, true);
    perform logic.request_refund(payment, payment.captured_amount - payment.refunded_amount, note);
  elsif payment.intent_id is not null then
    perform logic.emit('payment.cancel', jsonb_build_object('order_id', withdrawn.id, 'intent_id', payment.intent_id));
  end if;
  perform logic.set_status(withdrawn.id, 'cancelled', note);
  perform logic.emit('order.cancelled', jsonb_build_object('order_id', withdrawn.id));
end;
$$;
comment on function logic.withdraw_order is 'Cancels an order that the caller has locked: stock goes back, money and coupon too, the intent is cancelled, the customer gets word.';
