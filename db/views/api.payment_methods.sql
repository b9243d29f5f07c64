create view api.payment_methods with (security_invoker) as
select code, name, instructions, hold_minutes, is_active from shop.payment_methods;
comment on view api.payment_methods is $$Ways to pay
Those that are offered; staff see all, and admins change them.$$;
comment on column api.payment_methods.code is 'card, cash_on_delivery or bank_transfer.';
comment on column api.payment_methods.name is 'Name for people.';
comment on column api.payment_methods.instructions is 'What the customer has to know, like the shop''s bank account; it stands in the mail.';
comment on column api.payment_methods.hold_minutes is 'How long an unpaid order holds its stock, in minutes; null is what settings say.';
comment on column api.payment_methods.is_active is 'Whether customers see it and checkout takes it.';
grant select on api.payment_methods to anon, customer;
grant update (name, instructions, hold_minutes, is_active) on api.payment_methods to admin;
