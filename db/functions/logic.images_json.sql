create function logic.images_json(product_id uuid) returns json
language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(json_agg(logic.image_json(g) order by g.is_primary desc, g.sort_order, g.id), '[]')
    from shop.product_images g where g.product_id = images_json.product_id
  );
end;
$$;
comment on function logic.images_json is 'The pictures of a product, the primary one first.';
grant execute on function logic.images_json to anon, customer;
