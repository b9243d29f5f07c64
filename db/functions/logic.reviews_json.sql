create function logic.reviews_json(
  product_id uuid, is_approved boolean default true, size integer default 20, skip bigint default 0
) returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(json_agg(logic.review_json(r) order by r.created_at desc, r.id), '[]')
    from (
      select r.* from api.reviews r
      where r.product_id = reviews_json.product_id and r.is_approved = reviews_json.is_approved
      order by r.created_at desc, r.id limit size offset skip
    ) r
  );
end;
$$;
comment on function logic.reviews_json is 'The newest reviews of a product.';
grant execute on function logic.reviews_json to anon, customer;
