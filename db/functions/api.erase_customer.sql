create function api.erase_customer(customer_id uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  perform logic.erase_customer(erase_customer.customer_id);
end;
$$;
comment on function api.erase_customer is $$Erase a customer
For admins, at the customer's request: as if they had erased themselves under /api/v1/users/me/. Orders stay, without the person. Argument: customer_id.
Errors: 404 customer_not_found, 409 orders_open, last_admin, 503 try_again.$$;
grant execute on function api.erase_customer to admin;
