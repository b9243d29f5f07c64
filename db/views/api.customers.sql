create view api.customers with (security_invoker) as
select
  id, email, first_name, last_name, phone_number, date_of_birth, bio, avatar, avatar_thumbnails, is_guest,
  is_email_verified, created_at, updated_at
from shop.customers;
comment on view api.customers is $$Customers
Oneself; staff see everybody.$$;
comment on column api.customers.id is 'Key, the sub of the access token.';
comment on column api.customers.email is 'Address, lower case, unique.';
comment on column api.customers.first_name is 'First name.';
comment on column api.customers.last_name is 'Last name.';
comment on column api.customers.phone_number is 'Phone number, 20 characters at most.';
comment on column api.customers.date_of_birth is 'Date of birth.';
comment on column api.customers.bio is 'Some words about oneself.';
comment on column api.customers.avatar is 'Path of one''s picture; uploaded under /api/v1/users/me/avatar/.';
comment on column api.customers.avatar_thumbnails is 'Paths of smaller copies by their width, empty until they are made.';
comment on column api.customers.is_guest is 'Whether this is somebody who never registered.';
comment on column api.customers.is_email_verified is 'Whether the address was proved.';
comment on column api.customers.created_at is 'When the account was made.';
comment on column api.customers.updated_at is 'When it last changed.';
grant select, update (first_name, last_name, phone_number, date_of_birth, bio) on api.customers to customer;
