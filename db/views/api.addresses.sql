create view api.addresses with (security_invoker) as
select id, address_line1, address_line2, city, state, postal_code, country, address_type, is_default, created_at, updated_at
from shop.addresses;
comment on view api.addresses is $$Addresses
One's own, for shipping and billing.$$;
comment on column api.addresses.id is 'Key.';
comment on column api.addresses.address_line1 is 'Street and number.';
comment on column api.addresses.address_line2 is 'What else the postman needs.';
comment on column api.addresses.city is 'City.';
comment on column api.addresses.state is 'State or region.';
comment on column api.addresses.postal_code is 'Postal code.';
comment on column api.addresses.country is 'Country.';
comment on column api.addresses.address_type is 'shipping or billing.';
comment on column api.addresses.is_default is 'The one to take unless told; one of each type, a new one takes the place of the old.';
comment on column api.addresses.created_at is 'When it was entered.';
comment on column api.addresses.updated_at is 'When it last changed.';
grant select, delete,
  insert (address_line1, address_line2, city, state, postal_code, country, address_type, is_default),
  update (address_line1, address_line2, city, state, postal_code, country, address_type, is_default)
  on api.addresses to customer;
