create function api.record_payment(order_id uuid) returns api.payments
language plpgsql security definer set search_path = '' as $$
declare
  paid_order shop.orders;
  payment shop.payments;
  answer api.payments;
begin
  paid_order := logic.lock_order(order_id);
  perform logic.lock_stock_of(paid_order.id);
  select p.* into payment from shop.payments p where p.order_id = paid_order.id for update;
  if payment.method = 'card' then
    perform logic.problem(409, 'payment_by_card', 'Stripe tells of payments by card; nobody records them.');
  end if;
  -- Said twice, it was still paid once.
  if payment.status <> 'succeeded' then
    update shop.payments p set status = 'succeeded', captured_amount = p.amount where p.id = payment.id
    returning * into payment;
    -- What is paid on delivery was confirmed before.
    if paid_order.status in ('pending', 'cancelled') then
      perform logic.settle_order(paid_order, payment);
    end if;
  end if;
  select p.* into answer from api.payments p where p.id = payment.id;
  return answer;
end;
$$;
comment on function api.record_payment is $$Record a payment
For staff: the whole amount of an order has come by transfer, or in cash on delivery. An order that waited for it is confirmed; one that had expired is, too, if its stock is still there; else a refund is noted. Argument: order_id.
Errors: 404 order_not_found, 409 payment_by_card.$$;
grant execute on function api.record_payment to staff;
