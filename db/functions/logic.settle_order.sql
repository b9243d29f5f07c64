create function logic.settle_order(paid_order shop.orders, payment shop.payments) returns void
language plpgsql set search_path = '' as $$
begin
  if paid_order.status = 'pending' then
    perform logic.confirm_order(paid_order.id, 'Payment received');
  elsif paid_order.status = 'cancelled' and paid_order.cancelled_by = 'expiry' and logic.reserve_again(paid_order.id) then
    perform logic.confirm_order(paid_order.id, 'Payment received after the reservation had expired; stock was still there');
  else
    -- Paid, but not to be had any more: never keep the money without the order.
    perform logic.request_refund(payment, payment.captured_amount, 'Paid after the order was cancelled');
  end if;
end;
$$;
comment on function logic.settle_order is 'What money does to an order: confirmed; or, when the reservation had expired, confirmed if the stock is there again; else refunded in full.';
