import requests
from flask import make_response, request


def answer(secure, options):
    response = make_response("x")
    response.set_cookie("token", "1")  # expect: insecure-cookie
    response.set_cookie(key="token", value="1", httponly=True)  # expect: insecure-cookie
    response.set_cookie("token", "1", secure=False)  # expect: insecure-cookie
    response.set_cookie("token", "1", secure=secure)  # expect: insecure-cookie possible
    response.set_cookie("token", "1", **options)  # expect: insecure-cookie possible
    response.set_cookie("token", "1", secure=True, httponly=True)
    response.set_cookie("token", "", expires=0)
    response.set_cookie("token", "gone", max_age=0)
    client.cj.set_cookie("example.org", "lang", "en")
    cookie_jar.set_cookie("example.org", "lang", "en")
    requests.Session().cookies.set_cookie(request.cookie)
    return response
