create view api.reviews with (security_invoker) as
select id, product_id, rating, title, comment, is_approved, is_verified_purchase, created_at, updated_at,
  shop.author_name(id) as author_name
from shop.reviews;
comment on view api.reviews is $$Reviews
Approved ones of everybody and all of one's own. One a customer and product; a change returns it to the approval queue.$$;
comment on column api.reviews.id is 'Key.';
comment on column api.reviews.product_id is 'The product.';
comment on column api.reviews.rating is '1 to 5.';
comment on column api.reviews.title is 'Headline.';
comment on column api.reviews.comment is 'Text.';
comment on column api.reviews.is_approved is 'Whether staff let it be shown and counted.';
comment on column api.reviews.is_verified_purchase is 'Whether its author had bought the product.';
comment on column api.reviews.created_at is 'When it was written.';
comment on column api.reviews.updated_at is 'When it last changed.';
comment on column api.reviews.author_name is 'First name and initial of its author, such as Ada L.; null if they gave none.';
grant select on api.reviews to anon, customer;
grant insert (product_id, rating, title, comment), update (rating, title, comment), delete on api.reviews to customer;
grant update (is_approved) on api.reviews to staff;
