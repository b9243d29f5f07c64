create function logic.exported_product(product shop.products) returns json
language plpgsql stable set search_path = '' as $$
begin
  return json_build_object(
    'product', to_jsonb(product) || jsonb_build_object(
      'category', logic.category_path(product.category_id),
      'stock_quantity', (
        select s.on_hand from shop.product_variants v join shop.stock s on s.variant_id = v.id
        where v.product_id = product.id and v.is_default and v.is_active
      )
    ),
    'variants', (
      select coalesce(json_agg(json_build_object(
        'variant_sku', v.sku, 'variant_name', v.name, 'price_modifier', v.price_modifier,
        'variant_is_active', v.is_active, 'stock_quantity', s.on_hand,
        'options', (select json_agg(json_build_array(a.key, a.value)) from jsonb_each_text(v.attributes) a)
      ) order by v.created_at, v.name, lower(v.sku)), '[]')
      from shop.product_variants v join shop.stock s on s.variant_id = v.id
      where v.product_id = product.id and not v.is_default
    ),
    'images', (
      select coalesce(json_agg(json_build_object(
        'image', g.image, 'image_alt', g.alt_text, 'image_is_primary', g.is_primary, 'image_order', g.sort_order
      ) order by g.sort_order, g.is_primary desc, g.alt_text), '[]')
      from shop.product_images g where g.product_id = product.id
    )
  );
end;
$$;
comment on function logic.exported_product is
  'A product with its variants and pictures, in the fields that an import takes. For the command line, as owner.';
