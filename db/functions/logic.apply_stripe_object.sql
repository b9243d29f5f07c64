create function logic.apply_stripe_object(thing jsonb) returns text
language plpgsql set search_path = '' as $$
begin
  return case thing ->> 'object'
    when 'payment_intent' then logic.apply_intent(thing) ->> 'outcome'
    when 'refund' then logic.apply_refund(thing)
    when 'dispute' then logic.apply_dispute(thing)
    else 'ignored'
  end;
end;
$$;
comment on function logic.apply_stripe_object is 'Brings the shop up to what Stripe says of a payment, a refund or a dispute, however it was learnt. Outcome applied, ignored, deferred or quarantined.';
