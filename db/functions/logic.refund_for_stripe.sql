create function logic.refund_for_stripe(refund_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'refund_id', r.id, 'intent_id', p.intent_id, 'amount_minor', logic.minor_units(r.amount),
      'idempotency_key', format('refund:%s:v1', r.id), 'reason', r.reason, 'status', r.status
    )
    from shop.refunds r join shop.payments p on p.id = r.payment_id
    where r.id = refund_for_stripe.refund_id
  );
end;
$$;
comment on function logic.refund_for_stripe is 'What Stripe is to be asked for a refund, null if there is no such refund.';
grant execute on function logic.refund_for_stripe to worker;
