create function logic.checkout_email(given text, customer_id uuid) returns text
language plpgsql stable set search_path = '' as $$
declare
  wanted text := lower(normalize(btrim(given)));
  customer shop.customers;
  mistake text;
begin
  select c.* into customer from shop.customers c where c.id = checkout_email.customer_id;
  mistake := case
    when not customer.is_guest and wanted <> customer.email then 'Mails go to the address of your account; leave this out.'
    when customer.is_guest and wanted is null then 'This field is required for guests.'
    when customer.is_guest and not shop.is_address(wanted) then 'Must be a mail address.'
  end;
  if mistake is not null then
    perform logic.problem(
      422, 'validation_failed', 'Some fields are missing or wrong.', jsonb_build_object('email', jsonb_build_array(mistake))::text
    );
  end if;
  return case when customer.is_guest then wanted end;
end;
$$;
comment on function logic.checkout_email is 'Where the mails about a guest''s order go; null for others, whose account has an address. Raises 422 validation_failed.';
