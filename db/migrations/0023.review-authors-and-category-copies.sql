-- Reviews say who wrote them, as people sign postcards; pictures of categories get smaller copies, as those of products.
-- depends: 0022.promotions

create function shop.author_name(review_id uuid) returns text
language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select c.first_name || coalesce(' ' || nullif(left(btrim(c.last_name), 1), '') || '.', '')
    from shop.reviews r join shop.customers c on c.id = r.customer_id
    where r.id = review_id and btrim(c.first_name) <> ''
  );
end;
$$;
comment on function shop.author_name is
  'First name and initial of whoever wrote a review, null when they gave none. Of a person, readers of reviews see this and no more.';
grant execute on function shop.author_name to anon, customer;

alter table shop.categories
  add column thumbnails jsonb not null default '{}',
  -- squawk-ignore constraint-missing-not-valid
  add constraint categories_thumbnails_is_object check (jsonb_typeof(thumbnails) = 'object');
-- squawk-ignore require-concurrent-index-creation
create index categories_image_idx on shop.categories (image) where image is not null;

create function shop.renew_category_copies() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Those of the picture before are not copies of this one.
  new.thumbnails := '{}';
  if shop.is_upload(new.image) then
    insert into shop.outbox (topic, payload) values ('picture.added', jsonb_build_object('image', new.image));
  end if;
  return new;
end;
$$;
create trigger categories_renew_copies before update of image on shop.categories
  for each row when (new.image is distinct from old.image) execute function shop.renew_category_copies();
comment on function shop.renew_category_copies is 'Has copies made of a new picture of a category.';
insert into shop.outbox (topic, payload)
select 'picture.added', jsonb_build_object('image', c.image) from shop.categories c where shop.is_upload(c.image);
