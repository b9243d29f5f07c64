create function logic.request_refund(payment shop.payments, amount numeric, reason text) returns shop.refunds
language plpgsql set search_path = '' as $$
declare
  refund shop.refunds;
begin
  -- What a bank disputes it has taken; Stripe gives nothing back beside that.
  if amount <= 0 or exists (
    select from shop.disputes d where d.payment_id = payment.id and d.status in ('needs_response', 'under_review', 'lost')
  ) then
    return null;
  end if;
  insert into shop.refunds (payment_id, amount, reason)
  values (payment.id, request_refund.amount, left(request_refund.reason, 500)) returning * into refund;
  if payment.method = 'card' then
    perform logic.emit('payment.refund', jsonb_build_object('refund_id', refund.id));
  end if;
  return refund;
exception when check_violation then
  perform logic.problem(409, 'refund_exceeds_payment', 'More would be given back than was paid.');
  return null;
end;
$$;
comment on function logic.request_refund is 'Notes a refund, in the payment''s currency, and leaves asking Stripe to a worker, or giving it back to staff (settle_refund). Null when nothing is to be given back, or a bank disputes the payment. Raises 409 refund_exceeds_payment.';
